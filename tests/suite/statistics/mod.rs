//! Statistics against independent software, identities and properties.
