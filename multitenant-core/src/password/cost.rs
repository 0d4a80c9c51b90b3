use argon2::Params;

use super::error::PasswordError;

const MEMORY_MAX_KIB: u32 = 1 << 20;
const PASSES_MAX: u32 = 32;
const LANES_MAX: u32 = 16;

/// How costly a hash is to compute (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes, which could be computed at once.
    pub lanes: u32,
}

impl HashingCost {
    /// 19 MiB, 2 passes, 1 lane: the least that OWASP's Password Storage Cheat Sheet recommends
    /// for argon2id. About 20 ms.
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    /// As cheap as argon2 can be, and as good as no hash at all: for tests.
    pub const FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    pub(super) fn params(self) -> Result<Params, PasswordError> {
        let bounded = self.memory_kib <= MEMORY_MAX_KIB
            && self.memory_kib >= self.lanes.saturating_mul(8)
            && self.passes <= PASSES_MAX
            && self.lanes <= LANES_MAX;
        let length = Some(Params::DEFAULT_OUTPUT_LEN);
        match Params::new(self.memory_kib, self.passes, self.lanes, length) {
            Ok(params) if bounded => Ok(params),
            _ => Err(PasswordError::Cost),
        }
    }
}
