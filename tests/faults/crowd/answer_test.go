package crowd

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestOnlyUntrueAnswersAreWrong(t *testing.T) {
	sent := time.Now()
	may := Expectation{MayRefuse: func(Answer) bool { return true }}
	must := Expectation{MustRefuse: func(Answer) bool { return true }}
	for _, c := range []struct {
		name        string
		answer      Answer
		expectation Expectation
		wrong       string
	}{
		{"a known token passes", Answer{Role: Known, Status: 200}, may, ""},
		{"a registration succeeds", Answer{Role: Register, Status: 201}, may, ""},
		{"a client is told to wait", Answer{Role: Fetch, Status: 503, RetryAfter: "5"}, may, ""},
		{"a killed token is refused as killed", Answer{Role: Dead, Status: 401, Code: "invalid_access_token_client_application"}, may, ""},
		{"a killed client is refused as killed", Answer{Role: DeadFetch, Status: 400, Code: "invalid_client"}, may, ""},
		{"a killed token passes before the kill must have come", Answer{Role: Dead, Status: 200, DeadFrom: sent.Add(time.Second)}, may, ""},

		{"a good client is blamed", Answer{Role: Fetch, Status: 400, Code: "invalid_client"}, may, "400 invalid_client to a good client"},
		{"a good token is blamed", Answer{Role: Known, Status: 401, Code: "invalid_access_token"}, may, "401"},
		{"a good client is told to wait without need", Answer{Role: Known, Status: 503, RetryAfter: "5"}, Expectation{}, "without need"},
		{"a 503 does not say how long", Answer{Role: Known, Status: 503}, may, "Retry-After"},
		{"a 503 says to come back at once", Answer{Role: Known, Status: 503, RetryAfter: "0"}, may, "Retry-After"},
		{"another status of ours", Answer{Role: Known, Status: 502}, may, "502"},
		{"a late answer", Answer{Role: Known, Status: 200, Took: Patience + time.Second}, may, "late by 1s"},
		{"no answer", Answer{Role: Known, Err: errors.New("reset")}, may, "no answer: reset"},
		{"somebody else's answer", Answer{Role: Known, Status: 200, Stranger: "other"}, may, "other"},
		{"a token passes on old knowledge", Answer{Role: Known, Status: 200}, must, "beyond the bound"},
		{"a killed token passes", Answer{Role: Dead, Status: 200, DeadFrom: sent.Add(-time.Second)}, may, "passed 1s after"},
		{"a killed client gets a token", Answer{Role: DeadFetch, Status: 201, DeadFrom: sent}, may, "passed 0s after"},
		{"a killed token is refused for another reason", Answer{Role: Dead, Status: 401, Code: "invalid_access_token"}, may, "to a killed client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.answer.Sent = sent
			wrong := c.answer.Wrong(c.expectation)
			if c.wrong == "" {
				assert.Empty(t, wrong)
			} else {
				assert.Contains(t, wrong, c.wrong)
			}
		})
	}
}

func TestATallyCounts(t *testing.T) {
	tally := Tally{Expectation: Expectation{MayRefuse: func(a Answer) bool { return a.Role == Fetch }}}
	tally.Add(Answer{Role: Known, Status: 200, Took: time.Millisecond})
	tally.Add(Answer{Role: Fetch, Status: 503, RetryAfter: "5", Took: time.Second})
	for range 2 * examples {
		tally.Add(Answer{Role: Known, Status: 401, Code: "x"})
	}
	assert.Equal(t, 2+2*examples, tally.Requests())
	assert.Equal(t, 1, tally.Refused())
	assert.Equal(t, 2*examples, tally.Wrong())
	assert.Equal(t, time.Second, tally.Slowest())
	assert.Contains(t, tally.Words(), "401 x to a good client")
	assert.Contains(t, tally.Statuses(), "known token: 401 x")
}
