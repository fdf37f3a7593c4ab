"""传销 (`pyramid`).

Entry fees flow up a referral tree: who joins pays the one who recruited it, or the top, and lives off recruiting
others. Composite in its gravity: levels and heads are counted over the ring (three levels and thirty people is the
criminal threshold); they order the proposed action, never the score.

Acts: an entry (a membership, or goods for which the recruiter is named as the promoter) paid to an account above the
payer in its own referral line, into that account's pocket or to its shop, and what else such a tree's recruits buy
there, for who receives, who pays, and who recruited; the classifier's tag.
Chances: paid orders sold and bought (not memberships alone: where most memberships are fees, fees would look ordinary);
accounts referred.
Innocent explanation: an honest shop selling memberships that rewards referral; there the fee goes to the shop, not up
the line. A club whose owner invites its members: there who pays recruits nobody, and such fees do not count.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "fee_from_below",
        "organiser",
        "behaviour",
        "orders",
        who="seller_id",
        chance="paid_at IS NOT NULL",
        listed="fee_orders",
        victim="buyer_id",
    ),
    Act(
        "fee_up_the_line",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        chance="paid_at IS NOT NULL",
        listed="fee_orders",
    ),
    Act(
        "recruited_payers",
        "organiser",
        "sign_up",
        "accounts",
        who="inviter_id",
        stratum="'invitee'",
        chance="inviter_id IS NOT NULL",
        listed="fees",
        money=False,
    ),
    Act(
        "recruiting_message",
        "sender",
        "tag",
        "chat_links",
        who="sender_id",
        stratum="'link'",
        chance="TRUE",
        hit="tag = 'recruit'",
        victim="receiver_id",
        money=False,
    ),
)
