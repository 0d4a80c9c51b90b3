//! What every adapter must answer to which request.
