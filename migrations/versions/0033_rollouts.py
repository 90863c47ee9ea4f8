"""settings that are rolled out step by step"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import Json, UtcDateTime

revision = '0033'
down_revision = '0032'


def upgrade() -> None:
    op.create_table(
        'rollout',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('org_id', sa.Integer(), nullable=False),
        sa.Column('profile_id', sa.Integer(), nullable=True),
        sa.Column('settings', Json(), nullable=False),
        sa.Column('locked', sa.Boolean(), nullable=False),
        sa.Column('percent', sa.Integer(), nullable=False),
        sa.Column('chosen', Json(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('started_at', UtcDateTime(), nullable=False),
        sa.Column('started_by', sa.String(length=120), nullable=False),
        sa.Column('stepped_at', UtcDateTime(), nullable=False),
        sa.Column('ended_at', UtcDateTime(), nullable=True),
        sa.Column('ended_by', sa.String(length=120), nullable=False),
        sa.Column('why', sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_rollout_org_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(
            ['profile_id'], ['profile.id'], name=op.f('fk_rollout_profile_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rollout')),
    )
    op.create_index('ix_rollout_org', 'rollout', ['org_id', 'state'])
    op.add_column(
        'setting_change', sa.Column('step', sa.String(length=60), server_default='', nullable=False)
    )


def downgrade() -> None:
    op.drop_column('setting_change', 'step')
    op.drop_index('ix_rollout_org', 'rollout')
    op.drop_table('rollout')
