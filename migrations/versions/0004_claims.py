"""which run makes the record of a person or company, so that two users' runs never both do"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import UtcDateTime

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table(
        'claim',
        sa.Column('org_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('crm_object', sa.String(length=80), nullable=False),
        sa.Column('crm_id', sa.String(length=18), nullable=False),
        sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_claim_org_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_claim_run_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('org_id', 'name', name=op.f('pk_claim')),
    )
    op.create_index(op.f('ix_claim_run_id'), 'claim', ['run_id'])


def downgrade() -> None:
    op.drop_table('claim')
