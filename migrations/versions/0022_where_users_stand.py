"""where users stand: set up or not, being deleted, and when those that the engine suspended are tried again"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0022'
down_revision = '0026'

MOMENTS = ('initialized_at', 'leaving_at', 'probe_at')


def upgrade() -> None:
    moment = sync_tasks.state.types.UtcDateTime(timezone=True)
    op.add_column('organization', sa.Column('paused_at', moment, nullable=True))
    for name in MOMENTS:
        op.add_column('app_user', sa.Column(name, moment, nullable=True))
    op.add_column(
        'app_user', sa.Column('suspended_attempts', sa.Integer(), nullable=False, server_default=sa.text('0'))
    )
    # whoever has a cursor has had a run that ended well
    op.execute(sa.text(
        'UPDATE app_user SET initialized_at = activated_at WHERE EXISTS '
        '(SELECT 1 FROM cursor WHERE cursor.user_id = app_user.id AND cursor.value IS NOT NULL)'
    ))


def downgrade() -> None:
    for name in (*MOMENTS, 'suspended_attempts'):
        op.drop_column('app_user', name)
    op.drop_column('organization', 'paused_at')
