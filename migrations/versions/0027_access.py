"""who may enter the web, and as whom"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0027'
down_revision = '0026'


def upgrade() -> None:
    op.create_table('web_link',
    sa.Column('secret', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=320), nullable=False),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('secret', name=op.f('pk_web_link'))
    )
    op.create_table('web_session',
    sa.Column('secret', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=320), nullable=False),
    sa.Column('began_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('secret', name=op.f('pk_web_session'))
    )
    op.create_index('ix_web_session_expires_at', 'web_session', ['expires_at'])

    op.create_table('web_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('secret', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=320), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('made_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_web_token')),
    sa.UniqueConstraint('secret', name=op.f('uq_web_token_secret'))
    )
    op.create_index('ix_web_token_address', 'web_token', ['address'])

    op.create_table('web_try',
    sa.Column('origin', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('first_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('origin', name=op.f('pk_web_try'))
    )
    op.create_table('web_grant',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=320), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=True),
    sa.Column('granted_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('granted_by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_web_grant_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_web_grant'))
    )
    op.create_index('ix_web_grant_address', 'web_grant', ['address'])


def downgrade() -> None:
    op.drop_index('ix_web_grant_address', table_name='web_grant')

    op.drop_table('web_grant')
    op.drop_table('web_try')
    op.drop_index('ix_web_token_address', table_name='web_token')

    op.drop_table('web_token')
    op.drop_index('ix_web_session_expires_at', table_name='web_session')

    op.drop_table('web_session')
    op.drop_table('web_link')
