"""Background jobs: training runs that outlive pages and servers, with owners, queues and a record in SQLite."""
from .job import ACTIVE, ALIVE, RESUMABLE, STATES, Alert, Job, JobError, Quota
from .jobs import Jobs
from .launch import Launch, devices
from .supervisor import Supervisor

__all__ = ["ACTIVE", "ALIVE", "Alert", "Job", "JobError", "Jobs", "Launch", "Quota", "RESUMABLE", "STATES", "Supervisor", "devices"]
