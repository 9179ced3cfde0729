package registration

// managedTexts say what each end means and what whoever runs the gateway can
// do about it.
var managedTexts = map[Managed]struct{ message, advice string }{
	ManagedRead:  {"The client was shown its registration.", "Nothing: it worked."},
	ManagedEnded: {"The client ended its registration.", "Nothing: it worked."},
	ManagedInvalid: {
		"The request could not be read, came too early or not over TLS, or used another method.",
		"Look at the detail, and have the app's developers send what it asks for.",
	},
	ManagedDenied: {
		"The registration access token is not the client's, or the client is unknown or revoked.",
		"Nothing if it is one, it registers again; if it goes on, an app mixes tokens up, or somebody guesses.",
	},
	ManagedThrottled: {
		"There were too many requests.",
		"Find out who asks over and over, or raise the limit.",
	},
	ManagedUnavailable: {
		"The service could not answer now.",
		"See why the store does not answer: the log and /dcr/health/ready say; the client did nothing wrong and comes back.",
	},
}

// Message says what the outcome means.
func (m Managed) Message() string { return managedTextsOf(m).message }

// Advice says in one sentence what can be done about it.
func (m Managed) Advice() string { return managedTextsOf(m).advice }

func managedTextsOf(m Managed) struct{ message, advice string } {
	if found, ok := managedTexts[m]; ok {
		return found
	}
	return managedTexts[ManagedUnavailable]
}
