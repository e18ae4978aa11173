"""Turn-taking: who speaks when. Decisions are pure and count time in audio frames."""
