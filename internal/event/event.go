// Package event tells those who listen what happens at the gateway.
package event

// Name says what happened. The set is closed: it is a metric's label, and what
// operators subscribe to.
type Name string

const (
	// Revoked is a kill switch that was thrown here for the first time.
	Revoked Name = "revoked"
	// ClientSpread is a client that is seen from very many devices.
	ClientSpread Name = "client_spread"
	// QuotaNear is a quota of registrations that is nearly used up, and
	// QuotaReached one that a registration was refused for.
	QuotaNear    Name = "quota_near"
	QuotaReached Name = "quota_reached"
	// Administered is an administrative act, as the audit has it.
	Administered Name = "administered"
	// Registered is a client that a device got.
	Registered Name = "registered"
	// TokenIssued is an access token that a client got.
	TokenIssued Name = "token_issued"
	// Refused is a request that got nothing.
	Refused Name = "refused"
	// KeyRotated is another key of ours that is used from now on.
	KeyRotated Name = "key_rotated"
	// ReplicaStale is a state that is too old to decide from, or no longer.
	ReplicaStale Name = "replica_stale"
	// BreakerChanged is a store that is not asked any more, or again.
	BreakerChanged Name = "breaker_changed"
)

// Names lists the closed set.
var Names = []Name{
	Revoked, ClientSpread, QuotaNear, QuotaReached, Administered, Registered, TokenIssued, Refused, KeyRotated, ReplicaStale,
	BreakerChanged,
}

// Fields lists what each event tells, by the keys of its data.
var Fields = map[Name][]string{
	Revoked:      {"kind", "id", "reason", "by", "at", "applied"},
	ClientSpread: {"client", "application", "devices", "threshold", "within"},
	QuotaNear:    {"quota", "id", "used", "limit"},
	QuotaReached: {"quota", "id", "used", "limit"},
	Administered: {
		"operation", "target", "outcome", "actor", "role", "method", "surface", "address", "programmer", "channel", "change_set", "seq",
	},
	Registered:     {"client", "application", "programmer", "platform", "statement", "reused", "trace", "one_in"},
	TokenIssued:    {"token", "client", "application", "programmer", "platform", "scopes", "trace", "one_in"},
	Refused:        {"by", "reason", "decision", "status", "profile", "client", "application", "address", "trace", "one_in"},
	KeyRotated:     {"use", "algorithm", "key", "previous", "gateway"},
	ReplicaStale:   {"stale", "age", "staleness", "gateway"},
	BreakerChanged: {"calls", "open", "gateway"},
}

// Frequent says whether the event comes with requests, of which there may be
// thousands a second. The others are rare, and each of them matters.
func (n Name) Frequent() bool { return n == Registered || n == TokenIssued || n == Refused }

// Event is something that happened. Its data is text, numbers and truth values
// that may stand in any log: never a secret, and no token.
type Event struct {
	Name Name
	Data map[string]any
}
