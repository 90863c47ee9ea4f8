"""settings in layers: presets, profiles and their users, locks, and what was changed when and by whom"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0030'
down_revision = '0029'

NEW = ('preset', 'profile')
OF_CHANGES = ('user_id', 'preset_id', 'profile_id')


def upgrade() -> None:
    op.create_table('preset',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_preset_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_preset')),
    sa.UniqueConstraint('org_id', 'name', name=op.f('uq_preset_org_id_name'))
    )
    op.create_table('profile',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('preset', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_profile_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_profile')),
    sa.UniqueConstraint('org_id', 'name', name=op.f('uq_profile_org_id_name'))
    )
    op.create_table('profile_member',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_profile_member_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(
        ['profile_id'], ['profile.id'], name=op.f('fk_profile_member_profile_id'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_profile_member'))
    )
    op.create_index('ix_profile_member_profile_id', 'profile_member', ['profile_id'])
    # copied on SQLite, which harms nothing: no other table names its rows
    with op.batch_alter_table('setting_value') as batch_op:
        batch_op.add_column(sa.Column('locked', sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in NEW:
            batch_op.add_column(sa.Column(f'{name}_id', sa.Integer(), nullable=True))
            batch_op.create_foreign_key(
                op.f(f'fk_setting_value_{name}_id'), name, [f'{name}_id'], ['id'], ondelete='CASCADE'
            )
    for name in NEW:
        op.create_index(f'ix_setting_value_{name}', 'setting_value', [f'{name}_id', 'name'], unique=True)
    op.create_table('setting_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('preset_id', sa.Integer(), nullable=True),
    sa.Column('profile_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('before', sync_tasks.state.types.Json(), nullable=True),
    sa.Column('after', sync_tasks.state.types.Json(), nullable=True),
    sa.Column('was_locked', sa.Boolean(), nullable=False),
    sa.Column('locked', sa.Boolean(), nullable=False),
    sa.Column('at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_setting_change_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_setting_change_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['preset_id'], ['preset.id'], name=op.f('fk_setting_change_preset_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(
        ['profile_id'], ['profile.id'], name=op.f('fk_setting_change_profile_id'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setting_change'))
    )
    op.create_index('ix_setting_change_org', 'setting_change', ['org_id', 'name'])
    for column in OF_CHANGES:
        op.create_index(f'ix_setting_change_{column}', 'setting_change', [column])


def downgrade() -> None:
    op.drop_table('setting_change')
    op.execute('DELETE FROM setting_value WHERE preset_id IS NOT NULL OR profile_id IS NOT NULL')
    for name in NEW:
        op.drop_index(f'ix_setting_value_{name}', table_name='setting_value')
    with op.batch_alter_table('setting_value') as batch_op:
        for name in NEW:
            batch_op.drop_constraint(op.f(f'fk_setting_value_{name}_id'), type_='foreignkey')
            batch_op.drop_column(f'{name}_id')
        batch_op.drop_column('locked')
    op.drop_table('profile_member')
    op.drop_table('profile')
    op.drop_table('preset')
