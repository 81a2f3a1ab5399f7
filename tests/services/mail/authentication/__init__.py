"""SPF, DKIM, DMARC and ARC against a DNS of the test's own."""
