//! The queries over people and their sessions, written once for both realms: they differ in the
//! names of their tables.

/// The texts of one realm.
pub(super) struct Texts {
    pub(super) by_email: &'static str,
    pub(super) by_id: &'static str,
    pub(super) set_password: &'static str,
    pub(super) hold_version: &'static str,
    pub(super) begin_session: &'static str,
    pub(super) session: &'static str,
    pub(super) live_session: &'static str,
    pub(super) rotate_session: &'static str,
    pub(super) end_session: &'static str,
    pub(super) end_sessions_of: &'static str,
    pub(super) prune_sessions: &'static str,
}

macro_rules! texts {
    ($people:literal, $sessions:literal) => {
        Texts {
            by_email: concat!(
                "SELECT id, email, name, password_hash, must_change_password, \
                 temporary_password_expires_at, is_active, ver, created_at, updated_at FROM ",
                $people,
                " WHERE email = $1"
            ),
            by_id: concat!(
                "SELECT id, email, name, password_hash, must_change_password, \
                 temporary_password_expires_at, is_active, ver, created_at, updated_at FROM ",
                $people,
                " WHERE id = $1"
            ),
            set_password: concat!(
                "UPDATE ",
                $people,
                " SET password_hash = $2, must_change_password = $3, \
                 temporary_password_expires_at = $4, ver = ver + 1, updated_at = $5 \
                 WHERE id = $1 AND ver = $6 AND ($7 OR NOT EXISTS (SELECT 1 FROM ",
                $sessions,
                " WHERE user_id = $1))"
            ),
            hold_version: concat!(
                "UPDATE ",
                $people,
                " SET ver = ver WHERE id = $1 AND ver = $2 AND is_active"
            ),
            begin_session: concat!(
                "INSERT INTO ",
                $sessions,
                " (id, user_id, family, generation, refresh_hash, created_at, last_used_at, \
                 expires_at, user_agent, address) VALUES ($1, $2, $1, 0, $3, $4, $4, $5, $6, $7)"
            ),
            session: concat!(
                "SELECT user_id, generation, refresh_hash, last_used_at, expires_at, ended_at FROM ",
                $sessions,
                " WHERE id = $1"
            ),
            live_session: concat!(
                "SELECT p.id, p.ver, p.must_change_password, s.expires_at FROM ",
                $sessions,
                " s JOIN ",
                $people,
                " p ON p.id = s.user_id WHERE s.id = $1 AND s.ended_at IS NULL AND p.is_active"
            ),
            rotate_session: concat!(
                "UPDATE ",
                $sessions,
                " SET generation = generation + 1, refresh_hash = $3, last_used_at = $4 \
                 WHERE id = $1 AND generation = $2 AND ended_at IS NULL"
            ),
            end_session: concat!(
                "UPDATE ",
                $sessions,
                " SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"
            ),
            end_sessions_of: concat!(
                "UPDATE ",
                $sessions,
                " SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2"
            ),
            prune_sessions: concat!(
                "DELETE FROM ",
                $sessions,
                " WHERE id IN (SELECT id FROM ",
                $sessions,
                " WHERE COALESCE(ended_at, expires_at) < $1 LIMIT $2)"
            ),
        }
    };
}

/// The platform's staff, in the catalog.
pub(super) const STAFF: &Texts = &texts!("mt_admins", "mt_admin_sessions");
/// A tenant's users, in its database.
pub(super) const USERS: &Texts = &texts!("mt_users", "mt_sessions");
