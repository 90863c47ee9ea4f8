"""how it was agreed with vendors that they tell us what happens"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import Json, UtcDateTime

revision = '0025'
down_revision = '0023'


def upgrade() -> None:
    op.create_table(
        'push_subscription',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('feed', sa.String(length=10), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('vendor_id', sa.String(length=512), nullable=False),
        sa.Column('resource', sa.String(length=512), nullable=False),
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('recent', Json(), nullable=False),
        sa.Column('expires_at', UtcDateTime(), nullable=True),
        sa.Column('tend_at', UtcDateTime(), nullable=False),
        sa.Column('heard_at', UtcDateTime(), nullable=True),
        sa.Column('looked_at', UtcDateTime(), nullable=True),
        sa.Column('look_at', UtcDateTime(), nullable=True),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('error_code', sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'], ['app_user.id'], name=op.f('fk_push_subscription_user_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_push_subscription')),
        sa.UniqueConstraint('user_id', 'feed', name=op.f('uq_push_subscription_user_id_feed')),
        sa.UniqueConstraint('address', name=op.f('uq_push_subscription_address')),
    )
    op.create_index('ix_push_subscription_told', 'push_subscription', ['kind', 'vendor_id'])
    op.create_index(op.f('ix_push_subscription_tend_at'), 'push_subscription', ['tend_at'])
    op.create_index(op.f('ix_push_subscription_look_at'), 'push_subscription', ['look_at'])


def downgrade() -> None:
    op.drop_table('push_subscription')
