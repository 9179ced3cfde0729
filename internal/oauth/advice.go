package oauth

// texts say what each outcome means and what whoever runs the gateway can do
// about it. They are for them alone: the client sees less.
var texts = map[Outcome]struct{ message, advice string }{
	TokenIssued: {"The client got its token.", "Nothing: it worked."},
	RequestInvalid: {
		"The request could not be read, came too early or not over TLS, or used another method.",
		"Look at the detail, and have the app's developers send what it asks for.",
	},
	GrantUnsupported: {
		"The request is for another grant than client_credentials.",
		"Have the app's developers ask for client_credentials, the only grant there is.",
	},
	MethodUnsupported: {
		"The client authenticates in a way that is not offered here.",
		"Have the app's developers send the client's id and secret, or an assertion, once.",
	},
	ClientUnknown: {
		"There is no client of that id.",
		"Nothing if it is one, it registers again; if it is many, clients were lost from the store, or somebody guesses.",
	},
	SecretWrong: {
		"There is such a client, with another secret.",
		"Nothing if it is one, it registers again; if it goes on, an app mixes credentials up, or somebody guesses.",
	},
	SignatureWrong: {
		"There is such a client, and none of its keys made the signature of the assertion.",
		"Nothing if it is one, it registers again; if it goes on, an app mixes keys up, or somebody tries.",
	},
	AssertionInvalid: {
		"The client assertion is for nobody here, or not for now.",
		"Look at the detail, and have the app's developers send what it asks for; where it has expired, compare the device's clock.",
	},
	AssertionReplayed: {
		"The client assertion was used before.",
		"Have the app's developers make a new assertion for each request, retries included; else somebody has got hold of one.",
	},
	ClientRevoked: {
		"The client was revoked.",
		"If the kill below was meant, nothing: the client registers again, if its statement still lives.",
	},
	StatementRevoked: {
		"The software statement that the client registered with was revoked.",
		"If the kill below was meant, ship the app with a new statement; clients of this one stay out.",
	},
	ApplicationRevoked: {
		"The client's application was revoked.",
		"If the kill below was meant, nothing: it is for good, and a successor needs an application of its own.",
	},
	PlatformRevoked: {
		"The client's platform was revoked.",
		"If the kill below was a mistake, put it back with `caddy dcr unrevoke`; these clients then have to register again.",
	},
	IssuerRevoked: {
		"The issuer of the client's software statement was revoked.",
		"If the kill below was meant, nothing: it is for good, and the app needs a statement of another issuer.",
	},
	ScopeRefused: {
		"The request asks for a scope that the application does not have.",
		"Compare the scopes below: what the application lacks needs a new application, else the app asks for too much.",
	},
	Throttled: {
		"There were too many requests, wrong secrets or forged signatures.",
		"Find out who asks for tokens over and over, or raise the limit.",
	},
	Unavailable: {
		"The service could not answer now.",
		"See why the store does not answer: the log and /dcr/health/ready say; the client did nothing wrong and comes back.",
	},
}

// Message says what the outcome means.
func (o Outcome) Message() string { return textsOf(o).message }

// Advice says in one sentence what can be done about it.
func (o Outcome) Advice() string { return textsOf(o).advice }

func textsOf(o Outcome) struct{ message, advice string } {
	if found, ok := texts[o]; ok {
		return found
	}
	return texts[Unavailable]
}
