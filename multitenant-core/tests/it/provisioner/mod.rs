//! The life of a tenant's database, one suite for both engines, and what each adds to it.
mod conformance;
mod isolation;
mod own_way;
mod postgres;
mod sqlite;
mod world;
