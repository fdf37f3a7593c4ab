"""The thresholds of the method: each with its unit and its reason. Frozen; an unknown name is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A group of settings: frozen, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    source: float = Field(3.0, description="log-odds; strangers who quote orders of one and the same seller")
    keep: int = Field(6, ge=2, description="accounts; up to this many, sharing is a tie whatever else they share")
    crowd: int = Field(400, ge=10, description="accounts; above this an entity is cut whatever its users share")
    coherence: float = Field(
        0.35, ge=0, le=1, description="share of a hub's users that must share something rarer too for it to be kept"
    )
    window_days: int = Field(365, ge=30, description="days; ties older than this expire")
    burst_hours: int = Field(72, ge=1, description="hours; first uses closer than this are a burst")
    succession_days: int = Field(60, ge=1, description="days between the closing and the opening")


class ActSettings(Part):
    """When a row is an act."""

    silent_days: int = Field(10, ge=1, description="days without any sale or delivery, with paid orders open: gone")
    late_days: int = Field(10, ge=1, description="days after payment without delivery: overdue")
    quick_hours: int = Field(6, ge=1, description="hours from payment to confirmation of real goods: too quick to travel")
    farm_hours: int = Field(72, ge=1, description="hours; sign-ups on one device or payee closer than this are a burst")
    farm_size: int = Field(4, ge=3, description="accounts that make a burst; a family signs up two or three at once")
    close_margin: int = Field(4, ge=1, description="votes; the platform opens an appeal up to this margin")


class RingSettings(Part):
    """Where one ring ends."""

    gamma: float = Field(0.05, gt=0, description="CPM resolution; density below which a community splits")
    seed: int = Field(20250622, description="of the community search")
    tie: float = Field(2.0, description="log-odds; a tie between two accounts counts from here, acts at both ends included")
    trust: float = Field(0.5, ge=0, description="how much of an account's own evidence its ties may borrow")
    least: int = Field(2, ge=2, description="accounts that make a ring")
    most: int = Field(400, ge=10, description="accounts; a larger community is searched again, finer")


class ScoreSettings(Part):
    """From evidence to a score."""

    spread: float = Field(
        20.0, gt=0, description="chances; how far honest accounts of one kind differ in their rate (beta-binomial)"
    )
    act_cap: float = Field(12.0, gt=0, description="nats; no single kind of act may say more than this of one account")
    prior: float = Field(-6.0, description="log-odds that a community at the tie threshold is a ring")
    listed: float = Field(0.3, ge=0, le=1, description="score from which a ring is listed")
    lone: float = Field(5.0, description="nats; evidence from which an account on no ring is listed")
    recent_days: int = Field(30, ge=1, description="days; loss that still counts toward priority")
    refer_cny: int = Field(
        3000,
        description="CNY; lower end of 'large amount' for fraud, 3,000 to 10,000 by province: Fa Shi [2011] No. 7, art. 1, "
        "in force 2011-04-08; counsel to confirm per province. Orders actions only, never scores",
    )
    pyramid_levels: int = Field(3, description="levels; Gong Tong Zi [2013] No. 37, art. 1; orders actions only")
    pyramid_heads: int = Field(30, description="people; Gong Tong Zi [2013] No. 37, art. 1; orders actions only")
    leaked_orders: int = Field(
        500, description="items of order data: Fa Shi [2017] No. 10, art. 5; half for insiders; orders actions only"
    )


class RegisterSettings(Part):
    """Keeping a ring's name."""

    overlap: float = Field(0.3, gt=0, le=1, description="share of the smaller ring that must stay for the id to stay")
    grown: float = Field(1.25, gt=1, description="times as many accounts as before: grown; the inverse: shrunk")


class Method(Part):
    """All thresholds of the night."""

    ties: TieSettings = TieSettings()
    acts: ActSettings = ActSettings()
    rings: RingSettings = RingSettings()
    score: ScoreSettings = ScoreSettings()
    names: RegisterSettings = RegisterSettings()
