"""One conversation: session, recording, journal. Needs ports only."""
