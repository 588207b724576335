"""What a CI system runs, on GitHub and GitLab: docs/pull-requests.md."""
