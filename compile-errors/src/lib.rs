//! Nothing but tests: of the messages that the compiler shows to somebody who uses the library
//! wrongly. Few dependencies, since each is checked once more for them.
