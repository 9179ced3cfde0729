package guard

// Reason says why a request was let through or refused. Its text is stable:
// it is a metric's label, a field of the log and what people search for.
type Reason string

// Allowed requests.
const (
	Allowed   Reason = "allowed"
	OpenRoute Reason = "open_route"
	// Preflight is answered by the guard itself.
	Preflight Reason = "preflight"
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
	advice  string
}{
	{Allowed, Pass, "The token, its scope and its entitlements are in order.",
		"Nothing: it was let through."},
	{OpenRoute, Pass, "The route asks for no token.",
		"Nothing: it was let through."},
	{Preflight, Pass, "A browser asked whether a page may call, and was told.",
		"Nothing: it was answered, and no backend saw it."},

	{TargetAmbiguous, BadRequest, "The target could be read in more than one way.",
		"Have the caller send the plain path, with nothing in it encoded that need not be."},
	{HeaderForbidden, BadRequest, "The request carries a header that only the gateway may set, or one that hides others.",
		"Have the caller, or the proxy in front of the gateway, leave the header out."},
	{UpgradeNotAllowed, BadRequest, "The request asks for a protocol that is not offered here.",
		"Have the caller speak plain HTTP; where WebSockets are meant, write upgrade into the guard's block."},
	{RouteUnknown, NoRoute, "There is no such operation.",
		"Compare method and path with `caddy dcr routes`; a route that is missing there belongs into the configuration."},
	{MethodNotAllowed, NoMethod, "The operation does not offer this method.",
		"Have the caller use one of the methods that `caddy dcr routes` lists for the path."},
	{BodyUnreadable, BadRequest, "The form in the body is malformed, too large or in an encoding that is not accepted.",
		"Have the caller send one form, of at most 64 KiB, not compressed and in UTF-8."},
	{Throttled, TooMany, "The device sends too many requests.",
		"Have the caller wait as Retry-After says; if it is many devices behind one address, look at trusted_proxies and at the limit."},
	{AddressNotAllowed, NoAddress, "Calls are not accepted from this address.",
		"If the address may call, add it to allow_ips; if it is a load balancer's, name that in trusted_proxies."},

	{TokenAbsent, NoToken, "The request carries no access token.",
		"Have the caller send `Authorization: Bearer` with its access token; a proxy in between may take it out."},
	{TokenRepeated, BadToken, "The request carries more than one access token.",
		"Have the caller send its token once: in the header or in the query, not in both."},
	{TokenMalformed, BadToken, "The access token or the header that carries it is malformed.",
		"Have the caller send the token exactly as the token endpoint gave it, after the word Bearer."},
	{TokenInvalid, DeadToken, "The access token is not valid.",
		"Look at the detail and judge the token with `caddy dcr check-token`; a token of another gateway, or from before the issuer's name or keys changed, has to be fetched anew."},
	{TokenExpired, DeadToken, "The access token has expired.",
		"Nothing if it happens now and then, the client fetches a new one; if it goes on, the client's clock is wrong or it ignores expires_in."},
	{StateUnavailable, Fault, "The service cannot check the request now.",
		"See why the store does not answer: the log and /dcr/health/ready say; the client did nothing wrong and comes back."},

	{TokenRevoked, DeadToken, "The access token was revoked.",
		"If the kill below was meant, nothing: the client fetches a new token."},
	{KeyRevoked, DeadToken, "The key that signed the access token was revoked.",
		"If the kill below was meant, nothing: the client fetches a token that another key signs."},
	{ClientRevoked, Register, "The client was revoked.",
		"If the kill below was meant, nothing: the client registers again, if its statement still lives."},
	{StatementRevoked, Register, "The software statement that the client registered with was revoked.",
		"If the kill below was meant, ship the app with a new statement; clients of this one stay out."},
	{ApplicationRevoked, Register, "The application was revoked.",
		"If the kill below was meant, nothing: it is for good, and a successor needs an application of its own."},
	{PlatformRevoked, Register, "The client's platform was revoked.",
		"If the kill below was a mistake, put it back with `caddy dcr unrevoke`; these clients then have to register again."},
	{IssuerRevoked, Register, "The issuer of the client's software statement was revoked.",
		"If the kill below was meant, nothing: it is for good, and the apps need statements of another issuer."},
	{ChannelRevoked, NotEntitled, "The channel was revoked.",
		"If the kill below was a mistake, put it back with `caddy dcr unrevoke`; clients then need new tokens."},
	{ApplicationUnknown, Register, "The application is not registered any more.",
		"Find out which configuration declared the application, and write it back."},

	{ScopeMissing, NoScope, "The access token lacks the scope that the operation needs.",
		"Compare the scopes below: what the application lacks needs a new application, what the token alone lacks the client has to ask for."},
	{ParameterMissing, NoParameter, "A required parameter is missing or empty.",
		"Have the caller send the parameter, with a value."},
	{ChannelNotAssigned, NotEntitled, "The application is not assigned to the channel.",
		"Compare the channels below: another channel needs an application that is assigned to it, a wrong one is the caller's mistake."},
	{ProgrammerNotAssigned, NotEntitled, "The application does not act for the programmer.",
		"Compare the programmers below: another one needs an application of its own, a wrong one is the caller's mistake."},
	{ProxyMVPDNotBound, NotEntitled, "The application is not bound to the proxy MVPD.",
		"Compare the proxy MVPDs below: another one needs an application that is bound to it."},
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

// Advice is what whoever runs the gateway can do about it, in one sentence. It
// is for them alone.
func (r Reason) Advice() string {
	if i, ok := rows[r]; ok {
		return reasons[i].advice
	}
	return StateUnavailable.Advice()
}
