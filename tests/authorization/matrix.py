"""Who may call what: every route x every kind of actor, as data.

Letters: Y reached (whatever the body then meets), S 401 say who you are, F 403 not for your kind or permission,
N 404 nothing there that you may know of. Columns in the order of ACTORS. What stands behind a bar says which of the
world's things the path is about, where it matters. All of them call with an API key, which is no session to end, and
with the wrong password or an unknown token where one is asked for.
"""

ACTORS = (
    "nobody",  # no credential
    "revoked",  # the owner's key, revoked
    "owner",  # the brand whose briefs these are
    "other_brand",
    "creator",  # whose channel and bids these are
    "other_creator",
    "agency",  # holds a mandate of the creator today
    "lapsed",  # an agency whose mandate of the creator ended yesterday
    "admin",  # the platform
    "reader",  # the owner's key with the scope read only
    "scopeless",  # the creator's key without any scope
)

MATRIX = """
POST   /sign-up                                           YSYYYYYYYYY
POST   /sessions                                          SSSSSSSSSSS
DELETE /sessions/current                                  SSNNNNNNNNN
GET    /sessions                                          SSFFFFFFFFF
DELETE /sessions/{session_id}                             SSFFFFFFFFF
GET    /people/me                                         SSYYYYYYYYF
POST   /people/me/password                                SSFFFFFFFFF
POST   /people/me/second-factor                           SSFFFFFFFFF
POST   /people/me/second-factor/confirm                   SSFFFFFFFFF
POST   /people/me/second-factor/remove                    SSFFFFFFFFF
POST   /people/{person_id}/reset-second-factor            SSFFFFFFYFF
GET    /parties                                           SSYYYYYYYYF
GET    /parties/{party_id}                                SSYNNNNNYYF
GET    /parties/{party_id} | creators                     SSNNYNYNYNF
PATCH  /parties/{party_id}                                SSYNNNNNYFF
PATCH  /parties/{party_id} | creators                     SSNNYNFNYFF
GET    /parties/{party_id}/members                        SSYNNNNNYYF
GET    /parties/{party_id}/members | creators             SSNNYNFNYNF
DELETE /parties/{party_id}/members/{membership_id}        SSYNNNNNYFF
POST   /parties/{party_id}/suspend                        SSFFFFFFYFF
POST   /parties/{party_id}/reinstate                      SSFFFFFFYFF
POST   /parties/{party_id}/verify                         SSFFFFFFYFF
POST   /parties/{party_id}/unverify                       SSFFFFFFYFF
POST   /people/{person_id}/suspend                        SSFFFFFFYFF
POST   /people/{person_id}/reinstate                      SSFFFFFFYFF
POST   /invites                                           SSYYYYYYYFF
GET    /invites                                           SSYYYYYYYFF
DELETE /invites/{invite_id}                               SSYNNNNNYFF
POST   /password-resets                                   YSYYYYYYYYY
POST   /password-resets/confirm                           NSNNNNNNNNN
POST   /invites/accept                                    NSNNNNNNNNN
POST   /creators                                          SSFFFFYYYFF
POST   /mandates                                          SSFFFFYYFFF
GET    /mandates                                          SSYYYYYYYYF
POST   /mandates/{mandate_id}/accept                      SSFFNYFFFFF
POST   /mandates/{mandate_id}/decline                     SSFFNYFFFFF
POST   /mandates/{mandate_id}/end                         SSFFNYNYFFF
POST   /api-keys                                          SSYYYYYYYFF
GET    /api-keys                                          SSYYYYYYYFF
DELETE /api-keys/{key_id}                                 SSYNNNNNYFF
POST   /channels                                          SSFFYYYYYFF
GET    /channels                                          SSYYYYYYYYF
GET    /channels/export                                   SSFFYYYYYFF
GET    /channels/{channel_id}                             SSYNYNYNYYF
GET    /channels/{channel_id} | published                 SSNNYNYNYNF
PATCH  /channels/{channel_id}                             SSFFYNYNYFF
POST   /channels/{channel_id}/archive                     SSFFYNYNYFF
POST   /channels/{channel_id}/restore                     SSFFYNYNYFF
POST   /channels/{channel_id}/proof                       SSFFYNYNFFF
GET    /channels/{channel_id}/proofs                      SSFFYNYNYFF
GET    /channel-claims                                    SSFFFFFFYFF
GET    /channel-claims/{channel_id}                       SSFFFFFFYFF
POST   /channel-claims/{channel_id}/prove                 SSFFFFFFYFF
POST   /channel-claims/{channel_id}/refuse                SSFFFFFFYFF
POST   /channels/{channel_id}/transfer | proven           SSFFYNFFFFF
GET    /channel-transfers                                 SSFFYYFFYFF
POST   /channel-transfers/{transfer_id}/accept            SSFFNYFFFFF
POST   /channel-transfers/{transfer_id}/decline           SSFFNYFFFFF
POST   /channel-transfers/{transfer_id}/withdraw          SSFFYNFFFFF
POST   /channels/{channel_id}/audience-snapshots          SSFFYNYNYFF
GET    /channels/{channel_id}/audience-snapshots          SSYNYNYNYYF
GET    /channels/{channel_id}/audience-snapshots | published SSNNYNYNYNF
GET    /channels/{channel_id}/videos                      SSYNYNYNYYF
GET    /channels/{channel_id}/videos | published          SSNNYNYNYNF
GET    /audience-snapshots/{snapshot_id}                  SSYNYNYNYYF
GET    /audience-snapshots/{snapshot_id} | published      SSNNYNYNYNF
POST   /imports                                           SSFFYYYYYFF
GET    /imports                                           SSFFYYYYYFF
GET    /imports/{import_id}                               SSFFYNYNYFF
GET    /imports/{import_id}/faults                        SSFFYNYNYFF
POST   /videos                                            SSYYYYYYYFF
GET    /videos                                            SSYYYYYYYYF
GET    /videos/{video_id}                                 SSNNYNYNYNF
GET    /videos/{video_id}/content                         SSNNYNYNYNF
DELETE /videos/{video_id}                                 SSNNYNYNYFF
POST   /video-checks                                      SSFFYNYNYFF
GET    /video-checks                                      SSYYYYYYYYF
GET    /video-checks/labels                               SSFFYYYYYFF
GET    /video-checks/{check_id}                           SSNNYNYNYNF
GET    /video-checks/{check_id} | shared                  SSYNYNYNYYF
POST   /video-checks/{check_id}/cancel | queued           SSFFYNYNYFF
POST   /video-checks/{check_id}/share | shared            SSFFYNYNFFF
POST   /video-checks/{check_id}/unshare | shared          SSFFYNYNFFF
GET    /video-checks/{check_id}/timeline                  SSNNYNYNYNF
GET    /video-checks/{check_id}/timeline | shared         SSYNYNYNYYF
GET    /video-checks/{check_id}/pictures                  SSNNYNYNYNF
GET    /video-checks/{check_id}/pictures | shared         SSYNYNYNYYF
POST   /video-checks/{check_id}/corrections               SSFFYNYNYFF
GET    /video-checks/{check_id}/corrections               SSFFYNYNYFF
GET    /video-checks/{check_id}/corrections | shared      SSFFYNYNYFF
POST   /videos/{video_id}/links                           SSNNYNYNYFF
POST   /video-links                                       SSYYYYYYYFF
GET    /videos/{video_id}/signed                          YSYYYYYYYYY
PUT    /videos/{video_id}/signed | awaited                YSYYYYYYYYY
POST   /video-uploads                                     SSYYYYYYYFF
GET    /video-uploads/{upload_id}                         SSNNYNYNYNF
PATCH  /video-uploads/{upload_id}                         SSNNYNYNYFF
DELETE /video-uploads/{upload_id}                         SSNNYNYNYFF
GET    /brief-options                                     YSYYYYYYYYY
POST   /briefs                                            SSYYFFFFFFF
GET    /briefs                                            SSYYYYYYYYF
GET    /briefs/{brief_id} | draft                         SSYNNNNNYYF
GET    /briefs/{brief_id} | published                     SSYNYYYYYYF
GET    /briefs/{brief_id} | closed                        SSYNYYYYYYF
PATCH  /briefs/{brief_id} | draft                         SSYNFFFFFFF
PATCH  /briefs/{brief_id} | published                     SSYNFFFFFFF
POST   /briefs/{brief_id}/publish | draft                 SSYNFFFFFFF
POST   /briefs/{brief_id}/close | published               SSYNFFFFYFF
POST   /briefs/{brief_id}/cancel | published              SSYNFFFFYFF
POST   /briefs/{brief_id}/cancel | closed                 SSYNFFFFYFF
GET    /briefs/{brief_id}/versions | draft                SSYNNNNNYYF
GET    /briefs/{brief_id}/versions | published            SSYNYYYYYYF
GET    /briefs/{brief_id}/versions/{version_id} | published SSYNYYYYYYF
GET    /briefs/{brief_id}/versions/{version_id} | draft   SSYNNNNNYYF
POST   /briefs/{brief_id}/assets | draft                  SSYNFFFFFFF
POST   /briefs/{brief_id}/assets | published              SSYNFFFFFFF
GET    /briefs/{brief_id}/assets | draft                  SSYNNNNNYYF
GET    /briefs/{brief_id}/assets | published              SSYNYYYYYYF
GET    /brand-assets/{asset_id} | draft                   SSYNNNNNYYF
GET    /brand-assets/{asset_id} | published               SSYNYYYYYYF
POST   /briefs/{brief_id}/bids | published                SSFFYNYNFFF
GET    /briefs/{brief_id}/bids | published                SSNNFFFFNNF
GET    /briefs/{brief_id}/bids | closed                   SSYNFFFFYYF
GET    /briefs/{brief_id}/bids/count | published          SSYNFFFFYYF
GET    /briefs/{brief_id}/commitments | published         SSYNYYYYYYF
GET    /briefs/{brief_id}/commitments | draft             SSYNNNNNYYF
GET    /briefs/{brief_id}/ranking | published             SSYNFFFFYYF
GET    /briefs/{brief_id}/ranking | closed                SSYNFFFFYYF
GET    /briefs/{brief_id}/ranking/stream | closed         SSYNFFFFYYF
POST   /briefs/{brief_id}/score | published               SSYNFFFFYFF
POST   /briefs/{brief_id}/rescore | closed                SSFFFFFFYFF
GET    /briefs/{brief_id}/discover | published            SSYNFFFFYYF
GET    /channels/{channel_id}/open-briefs                 SSFFYNYNYFF
GET    /price-index                                       YSYYYYYYYYY
POST   /deal-prices                                       SSYNYNYNYFF
GET    /deal-prices                                       SSYYYYYYYYF
POST   /channels/{channel_id}/video-readings              SSFFYNYNYFF
GET    /channels/{channel_id}/video-readings              SSYNYNYNYYF
GET    /channels/{channel_id}/video-forecasts             SSYNYNYNYYF
GET    /channels/{channel_id}/pacing                      SSFFYNYNYFF
GET    /channels/{channel_id}/pacing/calendar             SSFFYNYNYFF
GET    /channels/{channel_id}/pacing/calendar.ics         SSFFYNYNYFF
POST   /channels/{channel_id}/exclusivity                 SSFFYNYNYFF
GET    /channels/{channel_id}/exclusivity                 SSFFYNYNYFF
DELETE /channels/{channel_id}/exclusivity/{exclusivity_id} SSFFYNYNYFF
POST   /overlaps                                          SSFFYNYNYFF
GET    /overlaps                                          SSFFYYYYYFF
POST   /overlaps/{overlap_id}/confirm                     SSFFFFFFYFF
GET    /audience-sketches/salt                            SSFFYYYYYFF
POST   /audience-sketches                                 SSFFYNYNYFF
GET    /audience-sketches                                 SSFFYYYYYFF
POST   /audience-sketches/{sketch_id}/confirm             SSFFFFFFYFF
DELETE /audience-sketches/{sketch_id}                     SSFFYNYNYFF
POST   /deal-prices/{deal_price_id}/confirm               SSYNFNFNYFF
GET    /channels/{channel_id}/price                       SSYNYNYNYYF
GET    /channels/{channel_id}/price | published           SSNNYNYNYNF
GET    /briefs/{brief_id}/price-check | draft             SSYNFFFFYYF
GET    /briefs/{brief_id}/price-check | published         SSYNFFFFYYF
GET    /bids                                              SSFFYYYYFFF
GET    /bids/{bid_id} | published                         SSNNYNYNNNF
GET    /bids/{bid_id} | closed                            SSYNYNYNYYF
GET    /bids/{bid_id}/match | published                   SSNNYNYNNNF
GET    /bids/{bid_id}/match | closed                      SSYNYNYNYYF
GET    /bids/{bid_id}/picture | published                 SSNNYNYNNNF
GET    /bids/{bid_id}/picture | closed                    SSYNYNYNYYF
GET    /bids/{bid_id}/revisions | published               SSNNYNYNNNF
GET    /bids/{bid_id}/revisions | closed                  SSYNYNYNYYF
POST   /bids/{bid_id}/revisions | published               SSFFYNYNFFF
GET    /bids/{bid_id}/suggestions | published             SSFFYNYNFFF
GET    /bids/{bid_id}/suggestions | closed                SSFFYNYNFFF
POST   /bids/{bid_id}/suggestions/{suggestion_id}/accept | published SSFFYNYNFFF
POST   /bids/{bid_id}/withdraw | published                SSFFYNYNFFF
POST   /bids/{bid_id}/confirm-brief | published           SSFFYNYNFFF
POST   /bids/{bid_id}/confirm-brief | closed              SSFFYNYNFFF
POST   /bids/{bid_id}/step-back | published               SSNNYNYNFFF
POST   /bids/{bid_id}/step-back | closed                  SSYNYNYNFFF
POST   /bids/{bid_id}/accept | published                  SSNNFFFFFFF
POST   /bids/{bid_id}/accept | closed                     SSYNFFFFFFF
POST   /bids/{bid_id}/decline | closed                    SSYNFFFFFFF
POST   /bids/{bid_id}/review | closed                     SSYNFFFFYFF
POST   /bids/{bid_id}/review/reopen | closed              SSFFFFFFYFF
GET    /deals                                             SSYYYYYYYYF
GET    /deals/{deal_id}                                   SSYNYNYNYYF
GET    /deals/{deal_id}/terms                             SSYNYNYNYYF
GET    /deals/{deal_id}/contract                          SSYNYNYNYYF
POST   /deals/{deal_id}/counter | countered               SSYNYNYNFFF
POST   /deals/{deal_id}/confirm | countered               SSYNYNYNFFF
POST   /deals/{deal_id}/decline | countered               SSYNYNYNFFF
POST   /deals/{deal_id}/withdraw                          SSYNYNYNFFF
GET    /deals/{deal_id}/stops | paused                    SSYNYNYNYYF
POST   /deals/{deal_id}/pause | under_way                 SSYNYNYNFFF
POST   /deals/{deal_id}/resume | paused                   SSYNYNYNFFF
POST   /series                                            SSFFYNYNFFF
GET    /series                                            SSYYYYYYYYF
GET    /series/{series_id}                                SSYNYNYNYYF
POST   /series/{series_id}/episodes                       SSFFYNYNFFF
POST   /series/{series_id}/close                          SSFFYNYNFFF
POST   /series/{series_id}/open-again | closed            SSFFYNYNFFF
POST   /episodes/{episode_id}/move                        SSFFYNYNFFF
POST   /episodes/{episode_id}/drop                        SSFFYNYNFFF
GET    /deals/{deal_id}/cancellation-quote | under_way    SSYNYNYNYYF
POST   /deals/{deal_id}/cancel | under_way                SSYNYNYNFFF
POST   /deals/{deal_id}/cancellation/agree | maker_leaves SSYNYNYNFFF
POST   /deals/{deal_id}/cancellation/refuse | maker_leaves SSYNYNYNFFF
POST   /deals/{deal_id}/cancellation/take-back | brand_leaves SSYNYNYNFFF
POST   /deals/{deal_id}/disputes | under_way              SSYNYNYNFFF
GET    /disputes                                          SSYYYYYYYYF
GET    /disputes/{dispute_id}                             SSYNYNYNYYF
POST   /disputes/{dispute_id}/evidence                    SSYNYNYNFFF
POST   /disputes/{dispute_id}/propose                     SSFFFFFFYFF
POST   /disputes/{dispute_id}/confirm | proposed          SSFFFFFFYFF
POST   /disputes/{dispute_id}/drop-proposal | proposed    SSFFFFFFYFF
GET    /deliverables                                      SSYYYYYYYYF
GET    /deliverables/{deliverable_id}                     SSYNYNYNYYF
GET    /deliverables/{deliverable_id}/scripts             SSYNYNYNYYF
POST   /deliverables/{deliverable_id}/scripts             SSFFYNYNFFF
POST   /scripts/{script_id}/approve                       SSYNFFFFFFF
POST   /scripts/{script_id}/send-back                     SSYNFFFFFFF
GET    /deliverables/{deliverable_id}/rounds              SSYNYNYNYYF
POST   /deliverables/{deliverable_id}/rounds              SSYNFFFFFFF
POST   /rounds/{round_id}/confirm                         SSFFYNYNFFF
POST   /rounds/{round_id}/refuse                          SSFFYNYNFFF
GET    /deliverables/{deliverable_id}/drafts              SSYNYNYNYYF
POST   /deliverables/{deliverable_id}/drafts              SSFFYNYNFFF
GET    /drafts/{draft_id}                                 SSYNYNYNYYF
GET    /drafts/{draft_id}/video                           SSYNYNYNYYF
POST   /drafts/{draft_id}/approve                         SSYNFFFFFFF
POST   /drafts/{draft_id}/request-changes                 SSYNFFFFFFF
GET    /deliverables/{deliverable_id}/publication | live  SSYNYNYNYYF
GET    /deliverables/{deliverable_id}/publications        SSYNYNYNYYF
GET    /deliverables/{deliverable_id}/reach               SSYNYNYNYYF
POST   /deliverables/{deliverable_id}/publication | approved SSFFYNYNFFF
POST   /deliverables/{deliverable_id}/publication/report | live SSYNFFFFFFF
POST   /deliverables/{deliverable_id}/publication/decide | live SSFFFFFFYFF
GET    /deliverables/{deliverable_id}/result | counted    SSYNYNYNYYF
POST   /deliverables/{deliverable_id}/views | counted     SSYNYNYNYFF
POST   /deliverables/{deliverable_id}/views/from-export | counted SSFFYNYNYFF
POST   /deliverables/{deliverable_id}/orders | counted    SSYNYNYNYFF
GET    /figures/{figure_id}/orders                        SSYNYNYNYYF
POST   /figures/{figure_id}/confirm                       SSYNYNYNFFF
POST   /figures/{figure_id}/contest                       SSYNYNYNFFF
POST   /figures/{figure_id}/decide                        SSFFFFFFYFF
POST   /briefs/{brief_id}/selections | closed             SSYNFFFFFFF
GET    /briefs/{brief_id}/selections | closed             SSYNFFFFYYF
POST   /briefs/{brief_id}/what-if | closed                SSYNFFFFYYF
GET    /selections/{selection_id}                         SSYNFFFFYYF
POST   /selections/{selection_id}/confirm                 SSYNFFFFFFF
GET    /selections/{selection_id}/verification            SSYNFFFFYYF
GET    /selections/{selection_id}/picture                 SSYNFFFFYYF
GET    /selections/{selection_id}/winning-prices/{bid_id} | closed SSYNFFFFYYF
GET    /briefs/{brief_id}/collusion-signals | closed      SSFFFFFFYFF
GET    /bids/{bid_id}/outcome | closed                    SSFFYNYNFFF
GET    /reviews                                           SSFFFFFFYFF
GET    /reviews/summary                                   SSFFFFFFYFF
GET    /reviews/{review_id}                               SSFFFFFFYFF
POST   /reviews/decisions                                 SSFFFFFFYFF
POST   /reviews/{review_id}/approve                       SSFFFFFFYFF
POST   /reviews/{review_id}/hold                          SSFFFFFFYFF
POST   /reviews/{review_id}/reject                        SSFFFFFFYFF
POST   /reviews/{review_id}/override                      SSFFFFFFYFF
GET    /events                                            SSYYYYYYYYF
GET    /events/{event_id}                                 SSNNYNYNYNF
GET    /event-links                                       SSYYYYYYYYF
GET    /event-heads                                       YSYYYYYYYYY
GET    /ledger/accounts                                   SSYYYYYYYYF
GET    /ledger/verification                               SSFFFFFFYFF
GET    /ledger/transfers                                  SSYYYYYYYYF
GET    /payments                                          SSYYYYYYYYF
GET    /payments/{payment_id}                             SSYNYNYNYYF
POST   /payments/{payment_id}/claw-back | released        SSFFFFFFYFF
GET    /claw-backs                                        SSFFFFFFYFF
POST   /claw-backs/{claw_back_id}/confirm                 SSFFFFFFYFF
POST   /claw-backs/{claw_back_id}/refuse                  SSFFFFFFYFF
GET    /receipts                                          SSYYYYYYYYF
POST   /deals/{deal_id}/receipts | payable                SSFFFFFFYFF
POST   /receipts/{receipt_id}/confirm                     SSFFFFFFYFF
POST   /receipts/{receipt_id}/refuse                      SSFFFFFFYFF
GET    /payouts                                           SSYYYYYYYYF
POST   /payouts/{payout_id}/send | waiting                SSFFFFFFYFF
POST   /payouts/{payout_id}/confirm | sent                SSFFFFFFYFF
POST   /payouts/{payout_id}/fail | sent                   SSFFFFFFYFF
POST   /payouts/{payout_id}/lose-sight | sent             SSFFFFFFYFF
POST   /payouts/{payout_id}/bounce | paid                 SSFFFFFFYFF
POST   /payouts/{payout_id}/again | failed                SSNNYNNNYFF
POST   /payment-provider/notices                          YSYYYYYYYYY
GET    /pay-ins                                           SSYYYYYYYYF
POST   /reconciliations                                   SSFFFFFFYFF
GET    /reconciliations                                   SSFFFFFFYFF
GET    /reconciliations/{reconciliation_id}               SSFFFFFFYFF
GET    /statements                                        SSYYYYYYYYF
GET    /inbox                                             SSYYYYYYYYF
GET    /jobs                                              SSYYYYYYYYF
GET    /jobs/{job_id}                                     SSNNYNYNYNF
POST   /jobs/{job_id}/cancel                              SSNNYNYNYNF
POST   /jobs/{job_id}/requeue                             SSFFFFFFYFF
"""


# POSTs that find something to act on only after another one.
AFTER = {
    "/parties/{party_id}/reinstate": "/parties/{party_id}/suspend",
    "/parties/{party_id}/unverify": "/parties/{party_id}/verify",
    "/people/{person_id}/reinstate": "/people/{person_id}/suspend",
    "/channel-claims/{channel_id}/prove": "/channels/{channel_id}/proof",
    "/bids/{bid_id}/review/reopen": "/bids/{bid_id}/review",
}


def rows() -> dict[tuple[str, str, str], str]:
    """Return (method, path, subject) -> letters."""
    found = {}
    for line in MATRIX.strip().splitlines():
        head, letters = line.rsplit(maxsplit=1)
        call, _, subject = head.partition("|")
        method, path = call.split()
        assert len(letters) == len(ACTORS), line
        found[method, path, subject.strip()] = letters
    return found
