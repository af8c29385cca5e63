"""The jobs that send mail. A mail is made as it is sent: what a job keeps, shows and logs holds nothing secret.

It may be sent twice, where a worker dies between the mail server's answer and the job's end, and is never lost.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from marketplace.core.db import transaction
from marketplace.core.jobs import ClaimedJob
from marketplace.identity.models import Person
from marketplace.identity.sign_in import account_mails, password_resets
from marketplace.identity.sign_in.account_mails import AccountNotice
from marketplace.mail import outgoing
from marketplace.mail.outgoing import OutgoingMail
from workers.handlers import Handler, Prepare, Prepares
from workers.lease_beat import LeaseBeat

BEAT_S = 3.0


def _sends(make: Callable[[Session, ClaimedJob], OutgoingMail | None]) -> Prepare:
    """Return what makes a mail in a transaction and sends it outside, for a mail server may be slow."""

    def prepare(job: ClaimedJob) -> Handler:
        with LeaseBeat(job, BEAT_S):
            with transaction() as session:
                mail = make(session, job)
            # By now a token counts that a mail is about to show.
            if mail is not None:
                outgoing.send(mail)
        # The same for every address: whoever reads jobs does not learn whose it was.
        return lambda _session, _job: None

    return prepare


def _reset(session: Session, job: ClaimedJob) -> OutgoingMail | None:
    assert job.subject_id is not None
    return password_resets.make_mail(session, job.subject_id)


def _notice(session: Session, job: ClaimedJob) -> OutgoingMail | None:
    person = session.get(Person, job.subject_id)
    if person is None:
        return None
    at = datetime.fromisoformat(job.payload["at"])
    return account_mails.notice_mail(person, AccountNotice(job.payload["notice"]), at)


PREPARES: Prepares = {password_resets.MAIL_RESET: _sends(_reset), account_mails.NOTICE: _sends(_notice)}
