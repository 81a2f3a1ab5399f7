"""Mail between servers: two installations, a DNS of the test's own, foreign programs."""
