"""one look a minute for all users of an organization"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import Json, UtcDateTime

revision = '0032'
down_revision = '0031'


def upgrade() -> None:
    op.create_table(
        'org_feed',
        sa.Column('org_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('account', sa.String(length=64), nullable=False),
        sa.Column('since', Json(), nullable=False),
        sa.Column('cursors', Json(), nullable=False),
        sa.Column('read_at', UtcDateTime(), nullable=True),
        sa.Column('good_until', UtcDateTime(), nullable=True),
        sa.Column('next_at', UtcDateTime(), nullable=False),
        sa.Column('token', sa.Integer(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('error_code', sa.String(length=80), nullable=False),
        sa.Column('moved', sa.Integer(), nullable=False),
        sa.Column('calls', sa.Integer(), nullable=False),
        sa.Column('calls_on', sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_org_feed_org_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('org_id', name=op.f('pk_org_feed')),
    )
    op.create_index(op.f('ix_org_feed_next_at'), 'org_feed', ['next_at'])
    op.create_table(
        'org_feed_reader',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('topics', Json(), nullable=False),
        sa.Column('touched', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'], ['app_user.id'], name=op.f('fk_org_feed_reader_user_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_org_feed_reader')),
    )
    op.create_index('ix_pair_org_crm', 'pair', ['org_id', 'crm_id'])


def downgrade() -> None:
    op.drop_index('ix_pair_org_crm', 'pair')
    op.drop_table('org_feed_reader')
    op.drop_table('org_feed')
