"""what users chose for single messages before a run met them"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.create_table('intent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('item', sa.String(length=512), nullable=False),
    sa.Column('who', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('what', sa.String(length=18), nullable=False),
    sa.Column('thread', sa.Boolean(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('made_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_intent_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intent')),
    )
    op.create_index('ix_intent_open', 'intent', ['user_id', 'closed_at'])


def downgrade() -> None:
    op.drop_index('ix_intent_open', table_name='intent')
    op.drop_table('intent')
