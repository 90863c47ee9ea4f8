"""who is expected back from a vendor's page, who refreshes a credential, and secrets of the installation itself"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0026'
down_revision = '0025'


def upgrade() -> None:
    op.create_table('kept_secret',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_kept_secret'))
    )
    op.create_table('refresh_claim',
    sa.Column('connection_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=36), nullable=False),
    sa.Column('until', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_refresh_claim_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connection_id', 'name', name=op.f('pk_refresh_claim'))
    )
    op.create_table('consent',
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('vendor', sa.String(length=20), nullable=False),
    sa.Column('browser', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_consent_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_consent_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('state', name=op.f('pk_consent'))
    )
    op.create_index(op.f('ix_consent_expires_at'), 'consent', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_consent_expires_at'), table_name='consent')
    op.drop_table('consent')
    op.drop_table('refresh_claim')
    op.drop_table('kept_secret')
