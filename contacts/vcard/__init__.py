"""vCard: lines, cards, versions, filters. Pure."""
