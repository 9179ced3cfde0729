package registration

// texts say what each outcome means and what whoever runs the gateway can do
// about it. They are for them alone: the client sees less.
var texts = map[Outcome]struct{ message, advice string }{
	Registered: {"The client was registered.", "Nothing: it worked."},
	RequestInvalid: {
		"The request could not be read, came too early or not over TLS, or used another method.",
		"Look at the detail, and have the app's developers send what it asks for.",
	},
	RedirectRefused: {
		"The redirect URI is not covered by the application's domains and schemes.",
		"Compare the URI below with the application's domains and schemes; what it lacks needs a new application.",
	},
	MetadataRefused: {
		"The client wants something that is not offered here, such as keys at an address.",
		"Look at the detail, and have the app's developers ask for what the metadata of the server lists.",
	},
	StatementInvalid: {
		"Nobody who is trusted here has signed the software statement so.",
		"Look at the detail and judge the statement with `caddy dcr check-statement`; where the issuer has changed its keys, give the gateway the new ones.",
	},
	StatementRevoked: {
		"The software statement was revoked.",
		"If the kill below was meant, ship the app with a new statement.",
	},
	ApplicationRevoked: {
		"The application that the statement names was revoked.",
		"If the kill below was meant, nothing: it is for good, and a successor needs an application of its own.",
	},
	PlatformRevoked: {
		"The device's platform was revoked.",
		"If the kill below was a mistake, put it back with `caddy dcr unrevoke`.",
	},
	IssuerRevoked: {
		"The issuer of the software statement was revoked.",
		"If the kill below was meant, nothing: it is for good, and the app needs a statement of another issuer.",
	},
	KeyRevoked: {
		"The key that signed the software statement was revoked.",
		"If the kill below was meant, ship the app with a statement that another key signed.",
	},
	ApplicationUnknown: {
		"The statement is well signed, for an application that is not registered here.",
		"Create the application under the id below, or find the gateway that it belongs to.",
	},
	PlatformRefused: {
		"The application is not meant for the device's platform, and enforce_platforms is written.",
		"If the platform below is right, the device needs an application for it; devices misreport themselves.",
	},
	Throttled: {
		"There were too many registrations.",
		"Find out whether an app loses its credentials and registers over and over, or raise the limit.",
	},
	Unavailable: {
		"The service could not register the client now.",
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
