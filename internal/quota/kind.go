package quota

// Kind is one of the limits. The set is closed: it is a metric's label.
type Kind string

const (
	// StatementRate and the others of their names are registrations in a time.
	StatementRate   Kind = "statement_rate"
	ApplicationRate Kind = "application_rate"
	AddressRate     Kind = "address_rate"
	// StatementLive and the others of their names are clients that nothing
	// stops.
	StatementLive   Kind = "statement_live"
	ApplicationLive Kind = "application_live"
	AddressLive     Kind = "address_live"
)

// Kinds lists the closed set.
var Kinds = []Kind{StatementRate, ApplicationRate, AddressRate, StatementLive, ApplicationLive, AddressLive}

// Result says how a registration stood to a limit. The set is closed: it is a
// metric's label.
type Result string

const (
	// Passed is far from the limit.
	Passed Result = "passed"
	// Near was let through, and the limit is not far.
	Near Result = "near"
	// Refused is over the limit.
	Refused Result = "refused"
)

// Results lists the closed set.
var Results = []Result{Passed, Near, Refused}

// Notice tells an operator that a limit is near or was reached.
type Notice struct {
	Kind Kind
	// ID is the statement, the application or the address's network.
	ID     string
	Result Result
	// Used is how much of the limit is used: of what may come at once, or of
	// the clients that may live.
	Used, Limit int
}
