"""HTTP clients that people use, each with an identity that rotates and with calls held to policy.json."""
