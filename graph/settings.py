"""The thresholds of the method: each with its unit and its reason. Frozen; an unknown name is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A group of settings: frozen, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TieSettings(Part):
    """What sharing a thing says. Strengths are log-odds for two accounts that alone share it; see docs/decisions.md."""

    device: float = Field(3.2, description="log-odds of one hand; a phone is personal, a tablet is a family's")
    payee: float = Field(3.0, description="log-odds; money of two sellers into one pocket")
    payer: float = Field(2.2, description="log-odds; couples pay for each other")
    contact: float = Field(2.6, description="log-odds; a handle or link handed to strangers by two accounts")
    card_code: float = Field(3.0, description="log-odds; one card secret in two hands")
    phone: float = Field(3.0, description="log-odds; numbers are recycled after months")
    owner: float = Field(4.0, description="log-odds; a verified identity is one person")
    licence: float = Field(3.0, description="log-odds; a licence may be lent")
    address: float = Field(1.2, description="log-odds; houses and parcel stations are shared by strangers")
    inviter: float = Field(0.8, description="log-odds; friends refer friends")
    succession: float = Field(2.4, description="log-odds; one shop closed, the next opened with what it left behind")
    fee: float = Field(3.0, description="log-odds of an inviter's tie once a fee was paid up that line")
    source: float = Field(3.0, description="log-odds; strangers who quote orders of one and the same seller")
    apart: float = Field(0.15, gt=0, le=1, description="factor for a device or number whose two users never overlapped")
    keep: int = Field(6, ge=2, description="accounts; up to this many, sharing is a tie whatever else they share")
    crowd: int = Field(400, ge=10, description="accounts; above this an entity is cut whatever its users share")
    same: float = Field(0.5, gt=0, le=1, description="share of two things' users in common that makes them one crowd's")
    coherence: float = Field(
        0.35,
        ge=0,
        le=1,
        description="share of a hub's users that must share something rarer too for it to be kept",
    )
    window_days: int = Field(365, ge=30, description="days; ties older than this expire")
    burst_hours: int = Field(72, ge=1, description="hours; first uses, or sign-ups, closer than this are a burst")
    rush: float = Field(
        0.25,
        gt=0,
        le=1,
        description="share of all accounts that signed up in one week, from which it is no burst of a few",
    )
    rush_accounts: int = Field(1000, ge=1, description="accounts; of fewer in a week no share is a rush")
    rush_hour: float = Field(
        0.05, gt=0, le=1, description="share of all accounts in one hour of a rush, from which not even that is a burst"
    )
    levels: int = Field(12, ge=3, description="levels of a referral line that are followed upward")
    heads: int = Field(5, ge=2, description="accounts of one referral tree that paid a fee up it; fewer are friends")
    recruits: int = Field(
        2,
        ge=1,
        description="of these, accounts whose own inviter paid too: who paid recruits in turn, or it is a club (State "
        "Council decree No. 444 of 2005, art. 7)",
    )
    succession_days: int = Field(60, ge=1, description="days between the closing and the opening")


class ActSettings(Part):
    """When a row is an act."""

    silent_days: int = Field(10, ge=1, description="days without any sale or delivery, with paid orders open: gone")
    quick_hours: int = Field(
        6, ge=1, description="hours from payment to confirmation of real goods: too quick to travel"
    )
    step_days: int = Field(3, ge=1, description="days between orders of tied accounts at one seller: in step")
    step_accounts: int = Field(3, ge=1, description="tied accounts that bought in step with one; a family is fewer")
    closed_days: int = Field(30, ge=1, description="days from taking a code to closing the account")
    farm_size: int = Field(4, ge=3, description="accounts that make a burst; a family signs up two or three at once")
    beds: int = Field(
        8, ge=1, description="accounts that sign up together on shared things; a dormitory has four to eight beds"
    )
    stretch_minutes: int = Field(
        20,
        ge=1,
        description="minutes between sign-ups on shared things: at one stretch, an evening's are further apart",
    )
    soon_minutes: int = Field(
        10, ge=1, description="minutes from signing up to the first order; who looks around first takes longer"
    )
    shelf: int = Field(5, ge=1, description="paid orders; fewer do not show what a shop lives by")
    reach: int = Field(5, ge=2, description="strangers who were sent links at one time; friends of friends are fewer")
    reach_weeks: int = Field(2, ge=0, description="weeks before and after a link's own in which those count")
    close_margin: int = Field(4, ge=1, description="votes; the platform opens an appeal up to this margin")


class RingSettings(Part):
    """Where one ring ends. Evidence is in nats (natural log-odds)."""

    gamma: float = Field(0.004, gt=0, description="CPM resolution in nats a pair; two halves joined by less split")
    finer: tuple[float, ...] = Field(
        (4.0, 16.0, 64.0), description="times gamma; searches that propose how to part a ring"
    )
    part: float = Field(3.0, ge=0, description="nats; what one more ring must explain beyond the ties it cuts")
    seed: int = Field(20250622, ge=0, description="of the community search")
    tie: float = Field(2.0, description="nats; a pair is an edge from here, belief in its acts included")
    lend: float = Field(2.0, ge=0, description="times its own weight; what both did can add at most so much to a tie")
    trust: float = Field(0.7, ge=0, description="share of two accounts' own evidence that their tie may borrow")
    doubt: float = Field(0.5, ge=0, description="nats of like acts that a tie needs to be believed at its full weight")
    full: float = Field(
        0.45,
        gt=0,
        le=1,
        description="share of pockets, or codes, that join two who act, beyond chance; full strength from here",
    )
    shy: float = Field(
        0.4, ge=0, le=1, description="times its strength; what a pocket or code says where honest people share them"
    )
    most_trust: float = Field(4.0, ge=0, description="nats; more evidence than this lends no more")
    household: float = Field(3.6, description="nats; most that device, address and phone may say together")
    home: float = Field(
        0.9,
        ge=0,
        description="nats; most that what a home shares says of an account that did nothing: two of a home, no ring",
    )
    acting: float = Field(1.5, description="nats; from here an account counts as acting")
    ring_cap: float = Field(60.0, gt=0, description="nats; no single kind of act may say more than this of a ring")
    least_share: float = Field(-2.0, le=0, description="nats; idle chances count at most so much against a member")
    look: float = Field(3.0, description="nats; a community of which no typology says so much did nothing rings do")
    lead: float = Field(
        4.5, description="nats; from here its typology is known, and trade among its members is worth a look as well"
    )
    active: float = Field(0.6, gt=0, lt=1, description="share of a ring's members expected to act; the rest are spares")
    passive: float = Field(0.3, ge=0, le=1, description="worth of a tie to a member that did not act")
    one_member: float = Field(4.0, description="nats; most that ties to one single member may say")
    entry: float = Field(2.5, description="nats; prior against an account being a member")
    least: int = Field(2, ge=2, description="accounts that make a ring")
    own: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a ring that uses a thing, and of its other users who are the ring's: its own from here",
    )
    several: int = Field(3, ge=2, description="members of a ring that use a thing of its own; two may be friends")


class ScoreSettings(Part):
    """From evidence to a score."""

    spread: float = Field(
        20.0, gt=0, description="pseudo-chances; honest rates differ at least so much, a large account counts so much"
    )
    most_spread: float = Field(
        200.0, gt=0, description="pseudo-chances; honest rates are never taken to differ less than this, however alike"
    )
    least_spread: float = Field(1.0, gt=0, description="pseudo-chances; honest rates differ at most so much")
    stands_out: float = Field(4.0, description="nats; a lone account beyond it does so habitually")
    habit_cap: float = Field(4.0, gt=0, description="nats; most that a group's habit says: it is one witness")
    crowd_cap: float = Field(
        9.0,
        gt=0,
        description="nats; most that a crowd says by signing up or buying together: one witness, no home's habit",
    )
    act_cap: float = Field(12.0, gt=0, description="nats; no single kind of act may say more than this of one account")
    one_actor: float = Field(
        3.0, ge=0, description="nats; most that one member says beyond what the others say: who acts alone is no ring"
    )
    recruit: float = Field(
        0.7,
        ge=0,
        le=1,
        description="times the score of who paid into a pyramid and recruited nobody: perhaps deceived; the law "
        "punishes who organises and leads (Criminal Law, art. 224-1)",
    )
    half: float = Field(
        7.0, gt=0, description="nats; evidence at which a community is as likely a ring as not (fitted)"
    )
    power: float = Field(1.3, gt=0, description="how fast likelihood grows with evidence around `half` (fitted)")
    listed: float = Field(0.25, ge=0, le=1, description="score from which a ring is listed; of less, few are real")
    lone: float = Field(8.0, description="nats; evidence from which an account on no ring is listed")
    recent_days: int = Field(30, ge=1, description="days; loss that still counts toward priority")
    warn: float = Field(0.5, ge=0, le=1, description="score from which a warning is proposed")
    restrict: float = Field(0.8, ge=0, le=1, description="score from which a restriction or a referral is proposed")
    refer_victims: int = Field(3, ge=1, description="victims; a referral needs more than one quarrel")
    refer_cny: int = Field(
        3000,
        description="CNY; lower end of 'large amount' for fraud, 3,000 to 10,000 by province: Fa Shi [2011] No. 7, "
        "art. 1, in force 2011-04-08; counsel to confirm per province. Orders actions only, never scores",
    )
    pyramid_levels: int = Field(3, description="levels; Gong Tong Zi [2013] No. 37, art. 1; orders actions only")
    pyramid_heads: int = Field(30, description="people; Gong Tong Zi [2013] No. 37, art. 1; orders actions only")
    leaked_orders: int = Field(
        500,
        description="items of order data: Fa Shi [2017] No. 10, art. 5; half for insiders; orders actions only",
    )


class RegisterSettings(Part):
    """Keeping a ring's name."""

    overlap: float = Field(0.3, gt=0, le=1, description="share of the smaller ring that must stay for the id to stay")
    things: float = Field(
        0.5, gt=0, le=1, description="share of tied things that must stay where all accounts were replaced"
    )
    grown: float = Field(1.25, gt=1, description="times as many accounts as before: grown; the inverse: shrunk")


class VerdictSettings(Part):
    """What analysts' verdicts do."""

    days: int = Field(365, ge=1, description="days that a verdict is in force; people and hands change")
    cover: float = Field(0.5, gt=0, le=1, description="share of the smaller ring that makes two rings one subject")
    fresh: float = Field(4.0, gt=0, description="nats; acts since a clearing that speak again, 55 to 1")
    tie: float = Field(2.0, ge=0, description="nats; a new kind of tie that lets a cleared ring's acts speak again")
    acting: float = Field(1.5, description="nats; from here a member that nobody cleared counts as acting")
    raised: float = Field(2.0, ge=1, description="times the odds of a ring that a confirmed account is on")
    raised_by_thing: float = Field(1.4, ge=1, description="times the odds of a ring that shares a thing with one")
    confirmed: float = Field(8.0, ge=1, description="times the odds of a confirmed account")
    beside: float = Field(0.7, ge=0, description="nats; a weaker tie to a confirmed account raises nothing")
    own_flag_markers: tuple[str, ...] = Field(
        ("仅因本系统提示", "own flag"),
        description="an action_taken that holds one, in whatever case, followed our own flag alone: no label",
    )
    enough: int = Field(20, ge=1, description="decided rings from which anything is learned; fewer teach chance")
    shift: float = Field(0.5, gt=0, description="log-odds; prior spread of how far all scores are off")
    slope: float = Field(0.2, gt=0, description="prior spread, around 1, of how much too bold scores are")
    weight: float = Field(0.5, gt=0, description="log-odds; prior spread of a typology's weight: 16 decided rings")


class Method(Part):
    """All thresholds of the night."""

    ties: TieSettings = TieSettings()
    acts: ActSettings = ActSettings()
    rings: RingSettings = RingSettings()
    score: ScoreSettings = ScoreSettings()
    names: RegisterSettings = RegisterSettings()
    verdicts: VerdictSettings = VerdictSettings()


class GateSettings(Part):
    """What must hold before a night is published. Too little refuses the night, a surprise only warns."""

    nights: int = Field(8, ge=1, description="like nights before sizes and churn are judged; fewer have no usual size")
    rows: int = Field(
        50, ge=1, description="rows of an export, tonight or in the median night; of fewer, shares and gaps say little"
    )
    stale_nights: int = Field(3, ge=1, description="like nights in which an export moved on; then it is held to it")
    stale_days: int = Field(
        30, ge=1, description="days that an export may fall behind the rest of its drop, if it kept up before"
    )
    steady_rows: int = Field(
        20, ge=1, description="rows in each of the nights before; from there, none at all tonight is no quiet day"
    )
    short: float = Field(
        0.3, ge=0, lt=1, description="times the median of like nights; the quietest holiday halves a trade"
    )
    rejects: float = Field(
        0.5, gt=0, le=1, description="share of an export's rows set aside; above it the rest no longer stands for all"
    )
    rejects_warn: float = Field(0.05, ge=0, le=1, description="share; its owner should hear of more than one in twenty")
    ring_accounts: int = Field(
        2000, ge=2, description="accounts of one ring; no hand runs more, but a hub that got through joins as many"
    )
    ring_share: float = Field(
        0.25, gt=0, le=1, description="share of all accounts on one ring, where that is over 200: likewise"
    )
    volume_short: float = Field(
        0.3, ge=0, lt=1, description="times the median of like nights; rings do not stop at once"
    )
    volume_warn: float = Field(2.0, gt=1, description="times the median; a wave of fraud, or a change upstream: look")
    volume: float = Field(5.0, gt=1, description="times the median; no wave is so high, and each line accuses somebody")
    volume_rings: int = Field(20, ge=1, description="rings or accounts in the median night; fewer jump by chance")
    churn: float = Field(
        0.5, gt=0, le=1, description="share of rings new or gone in one night; above it names or lists are not the same"
    )
    churn_times: float = Field(
        2.0, ge=1, description="times the median share as well, for a platform that always churns"
    )
    hubs: float = Field(3.0, gt=1, description="times the median, up or down; shared things do not come or go at once")
    hubs_least: int = Field(20, ge=1, description="hubs more or fewer than the median; less is chance")
    empty_after: int = Field(
        3, ge=1, description="rings the night before, cleared ones left out; from there an empty list is a fault"
    )
    salt: float = Field(
        0.5, ge=0, le=1, description="share of ids seen before, of those that should be; whole markets had 0.99"
    )
    salt_ids: int = Field(20, ge=1, description="ids that should have been seen before; fewer may all be new by chance")
