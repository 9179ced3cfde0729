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
)

// Names lists the closed set.
var Names = []Name{Revoked, ClientSpread, QuotaNear, QuotaReached, Administered}

// Fields lists what each event tells, by the keys of its data.
var Fields = map[Name][]string{
	Revoked:      {"kind", "id", "reason", "by", "at", "applied"},
	ClientSpread: {"client", "application", "devices", "threshold", "within"},
	QuotaNear:    {"quota", "id", "used", "limit"},
	QuotaReached: {"quota", "id", "used", "limit"},
	Administered: {
		"operation", "target", "outcome", "actor", "role", "method", "surface", "address", "programmer", "channel", "change_set", "seq",
	},
}

// Event is something that happened. Its data is text, numbers and truth values
// that may stand in any log: never a secret, and no token.
type Event struct {
	Name Name
	Data map[string]any
}
