"""who saves the attachments of a mail, and which are left"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table('mail_files',
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('left', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_mail_files_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_mail_files_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'key', name=op.f('pk_mail_files'))
    )
    op.create_index('ix_mail_files_due', 'mail_files', ['user_id', 'not_before'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_mail_files_due', table_name='mail_files')
    op.drop_table('mail_files')
