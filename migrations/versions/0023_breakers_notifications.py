"""vendors that are down, and people who are to be told of what keeps runs from ending well"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0023'
down_revision = '0022'


def upgrade() -> None:
    op.create_table('breaker',
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('vendor', sa.String(length=20), nullable=False),
    sa.Column('faults', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('opened_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('look_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('looking', sa.Integer(), nullable=True),
    sa.Column('looks', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_breaker_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'vendor', name=op.f('pk_breaker'))
    )
    op.create_table('notification',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('whom', sa.String(length=24), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('sent_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('taken_until', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_notification_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_notification_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification'))
    )
    op.create_index('ix_notification_due', 'notification', ['closed_at', 'due_at'])
    op.create_index('uq_notification_one_open', 'notification', ['org_id', 'whom', 'cause'], unique=True,
                    sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))


def downgrade() -> None:
    op.drop_table('notification')
    op.drop_table('breaker')
