package guard

// Reason says why a request was let through or refused. Its text is stable:
// it is a metric's label, a field of the log and what people search for.
type Reason string

// Allowed requests.
const (
	Allowed   Reason = "allowed"
	OpenRoute Reason = "open_route"
)

// Requests that are refused before anything is asked about their token.
const (
	TargetAmbiguous   Reason = "target_ambiguous"
	HeaderForbidden   Reason = "header_forbidden"
	UpgradeNotAllowed Reason = "upgrade_not_allowed"
	BodyUnreadable    Reason = "body_unreadable"
	RouteUnknown      Reason = "route_unknown"
	MethodNotAllowed  Reason = "method_not_allowed"
	AddressNotAllowed Reason = "address_not_allowed"
	Throttled         Reason = "throttled"
)

// Requests whose token is at fault.
const (
	TokenAbsent    Reason = "token_absent"
	TokenRepeated  Reason = "token_repeated"
	TokenMalformed Reason = "token_malformed"
	TokenInvalid   Reason = "token_invalid"
	TokenExpired   Reason = "token_expired"
)

// Requests that a kill switch stops, and those of an application that is gone.
const (
	TokenRevoked       Reason = "token_revoked"
	KeyRevoked         Reason = "key_revoked"
	ClientRevoked      Reason = "client_revoked"
	StatementRevoked   Reason = "statement_revoked"
	ApplicationRevoked Reason = "application_revoked"
	PlatformRevoked    Reason = "platform_revoked"
	IssuerRevoked      Reason = "issuer_revoked"
	ChannelRevoked     Reason = "channel_revoked"
	ApplicationUnknown Reason = "application_unknown"
)

// Requests that ask for more than their application may have.
const (
	ScopeMissing          Reason = "scope_missing"
	ParameterMissing      Reason = "parameter_missing"
	ChannelNotAssigned    Reason = "channel_not_assigned"
	ProgrammerNotAssigned Reason = "programmer_not_assigned"
	ProxyMVPDNotBound     Reason = "proxy_mvpd_not_bound"
)

// StateUnavailable is our own fault, and says so.
const StateUnavailable Reason = "state_unavailable"

// Class is what reasons have in common for a client: what it can do about it.
type Class uint8

const (
	// Fault is ours; also that of a reason that is none, since a client must
	// never be blamed for a mistake of the gateway.
	Fault Class = iota
	// Pass lets the request through.
	Pass
	// BadRequest wants another request.
	BadRequest
	// BadToken wants one token, in one place, in the right form.
	BadToken
	// NoRoute and NoMethod want another target.
	NoRoute
	NoMethod
	// NoAddress wants another network.
	NoAddress
	// TooMany wants patience.
	TooMany
	// NoToken wants a token.
	NoToken
	// DeadToken wants a new token.
	DeadToken
	// Register wants a new registration: no token of this client will do.
	Register
	// NoScope wants more of the registration.
	NoScope
	// NoParameter wants a parameter.
	NoParameter
	// NotEntitled wants an application that may act for what was named.
	NotEntitled
)

// reasons is the one table of them, in the order in which they are asked for.
var reasons = []struct {
	reason  Reason
	class   Class
	message string
}{
	{Allowed, Pass, "The token, its scope and its entitlements are in order."},
	{OpenRoute, Pass, "The route asks for no token."},

	{TargetAmbiguous, BadRequest, "The target could be read in more than one way."},
	{HeaderForbidden, BadRequest, "The request carries a header that only the gateway may set, or one that hides others."},
	{UpgradeNotAllowed, BadRequest, "The request asks for a protocol that is not offered here."},
	{RouteUnknown, NoRoute, "There is no such operation."},
	{MethodNotAllowed, NoMethod, "The operation does not offer this method."},
	{BodyUnreadable, BadRequest, "The form in the body is malformed, too large or in an encoding that is not accepted."},
	{Throttled, TooMany, "The device sends too many requests."},
	{AddressNotAllowed, NoAddress, "Calls are not accepted from this address."},

	{TokenAbsent, NoToken, "The request carries no access token."},
	{TokenRepeated, BadToken, "The request carries more than one access token."},
	{TokenMalformed, BadToken, "The access token or the header that carries it is malformed."},
	{TokenInvalid, DeadToken, "The access token is not valid."},
	{TokenExpired, DeadToken, "The access token has expired."},
	{StateUnavailable, Fault, "The service cannot check the request now."},

	{TokenRevoked, DeadToken, "The access token was revoked."},
	{KeyRevoked, DeadToken, "The key that signed the access token was revoked."},
	{ClientRevoked, Register, "The client was revoked."},
	{StatementRevoked, Register, "The software statement that the client registered with was revoked."},
	{ApplicationRevoked, Register, "The application was revoked."},
	{PlatformRevoked, Register, "The client's platform was revoked."},
	{IssuerRevoked, Register, "The issuer of the client's software statement was revoked."},
	{ChannelRevoked, NotEntitled, "The channel was revoked."},
	{ApplicationUnknown, Register, "The application is not registered any more."},

	{ScopeMissing, NoScope, "The access token lacks the scope that the operation needs."},
	{ParameterMissing, NoParameter, "A required parameter is missing or empty."},
	{ChannelNotAssigned, NotEntitled, "The application is not assigned to the channel."},
	{ProgrammerNotAssigned, NotEntitled, "The application does not act for the programmer."},
	{ProxyMVPDNotBound, NotEntitled, "The application is not bound to the proxy MVPD."},
}

// Reasons lists every reason.
var Reasons = func() []Reason {
	all := make([]Reason, len(reasons))
	for i, row := range reasons {
		all[i] = row.reason
	}
	return all
}()

var rows = func() map[Reason]int {
	byReason := make(map[Reason]int, len(reasons))
	for i, row := range reasons {
		byReason[row.reason] = i
	}
	return byReason
}()

// Class says what the reason means for a client.
func (r Reason) Class() Class {
	if i, ok := rows[r]; ok {
		return reasons[i].class
	}
	return Fault
}

// Message says it for a person. It tells no more than the client may know.
func (r Reason) Message() string {
	if i, ok := rows[r]; ok {
		return reasons[i].message
	}
	return StateUnavailable.Message()
}
