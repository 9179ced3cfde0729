package crowd

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Role is what a caller is, and so what is true about it.
type Role string

const (
	// Known is a good token that every gateway has let through before.
	Known Role = "known token"
	// Fresh is a good token that this gateway has not seen.
	Fresh Role = "fresh token"
	// Fetch is a registered client that asks for a token.
	Fetch Role = "token request"
	// Register is a device that registers with a good statement.
	Register Role = "registration"
	// Dead is the token of a killed client.
	Dead Role = "killed token"
	// DeadFetch is a killed client that asks for a token.
	DeadFetch Role = "killed client's token request"
)

// Roles lists every role.
var Roles = []Role{Known, Fresh, Fetch, Register, Dead, DeadFetch}

// good is the status of the answer that is true when all is well.
func (r Role) good() int {
	switch r {
	case Fetch, Register:
		return http.StatusCreated
	case Dead:
		return http.StatusUnauthorized
	case DeadFetch:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// code is the error code that is true about the killed.
func (r Role) code() string {
	switch r {
	case Dead:
		return "invalid_access_token_client_application"
	case DeadFetch:
		return "invalid_client"
	}
	return ""
}

// Answer is what one call got.
type Answer struct {
	Role    Role
	Gateway int
	Sent    time.Time
	Took    time.Duration
	// Err says that there was no answer at all.
	Err        error
	Status     int
	Code       string
	RetryAfter string
	// Stranger says that the answer speaks of somebody else.
	Stranger string
	// DeadFrom is from when on nobody may let this caller through.
	DeadFrom time.Time
}

// Done is when the answer was there.
func (a Answer) Done() time.Time { return a.Sent.Add(a.Took) }

// Refused says that the gateway spoke of an outage of its own.
func (a Answer) Refused() bool { return a.Status == http.StatusServiceUnavailable }

// True says that the answer is what it would be without any fault.
func (a Answer) True() bool {
	return a.Err == nil && a.Stranger == "" && a.Status == a.Role.good() && a.Code == a.Role.code()
}

// Patience is how late an answer may be at the most.
const Patience = 5 * time.Second

// Expectation is what a fault allows. What is nil never holds.
type Expectation struct {
	// MayRefuse says whether 503 was a true answer.
	MayRefuse func(Answer) bool
	// MustRefuse says whether it was the only one, since what the gateway
	// knew was too old to let anybody through.
	MustRefuse func(Answer) bool
}

// Wrong says what is wrong with the answer, or nothing.
func (a Answer) Wrong(e Expectation) string {
	switch {
	case a.Err != nil:
		return fmt.Sprintf("no answer: %v", a.Err)
	case a.Stranger != "":
		return "somebody else's answer: " + a.Stranger
	case a.Took > Patience:
		return fmt.Sprintf("late by %s", a.Took-Patience)
	case a.Refused():
		if seconds, err := strconv.Atoi(a.RetryAfter); err != nil || seconds < 1 {
			return fmt.Sprintf("503 with Retry-After %q", a.RetryAfter)
		}
		if e.MayRefuse == nil || !e.MayRefuse(a) {
			return "503 without need"
		}
		return ""
	case a.Status >= http.StatusInternalServerError:
		return fmt.Sprintf("status %d", a.Status)
	case a.Role == Dead || a.Role == DeadFetch:
		return a.wrongOfTheDead()
	case !a.True():
		return fmt.Sprintf("status %d %s to a good client", a.Status, a.Code)
	case e.MustRefuse != nil && e.MustRefuse(a):
		return "passed on knowledge beyond the bound"
	}
	return ""
}

func (a Answer) wrongOfTheDead() string {
	if a.True() {
		return ""
	}
	if a.Status < http.StatusMultipleChoices {
		if a.Sent.Before(a.DeadFrom) {
			return ""
		}
		return fmt.Sprintf("passed %s after it had to be dead everywhere", a.Sent.Sub(a.DeadFrom).Round(time.Millisecond))
	}
	return fmt.Sprintf("status %d %s to a killed client", a.Status, a.Code)
}
