package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// schedule is the table in the throttling document of Adobe Pass
// Authentication: one request a second, and a burst of ten. So its bucket holds
// eleven, the ten and the one whose time has come.
var schedule = []struct {
	at time.Duration
	ok bool
}{
	{0, true}, {300 * time.Millisecond, true}, {600 * time.Millisecond, true}, {900 * time.Millisecond, true},
	{1200 * time.Millisecond, true}, {1300 * time.Millisecond, true}, {1400 * time.Millisecond, true},
	{1500 * time.Millisecond, true}, {1600 * time.Millisecond, true}, {1700 * time.Millisecond, true},
	{1800 * time.Millisecond, true}, {2100 * time.Millisecond, true}, {2200 * time.Millisecond, true},
	{2400 * time.Millisecond, false}, {2600 * time.Millisecond, false}, {2800 * time.Millisecond, false},
	{3100 * time.Millisecond, true},
}

// punctual is how late a request may be to prove anything: the narrowest place
// of the schedule has a tenth of a second of room.
const punctual = 80 * time.Millisecond

// keepSchedule runs through the schedule in real time. A run in which the
// machine was late proves nothing, and is done again.
func keepSchedule(t *testing.T, s plugins.Store) {
	for run := range 20 {
		answers, inTime := followSchedule(t, s, plugins.Bucket{Key: fmt.Sprint("published", run), Rate: 1, Burst: 11})
		if !inTime {
			continue
		}
		for i, request := range schedule {
			assert.Equal(t, request.ok, answers[i], "the request at %s", request.at)
		}
		return
	}
	require.FailNow(t, "the machine was too late for the schedule, twenty times")
}

func followSchedule(t *testing.T, s plugins.Store, b plugins.Bucket) (answers []bool, inTime bool) {
	begun, inTime := time.Now(), true
	for _, request := range schedule {
		time.Sleep(time.Until(begun.Add(request.at)))
		taken, err := s.Take(within(t), b)
		require.NoError(t, err)
		answers = append(answers, taken.OK)
		inTime = inTime && time.Since(begun) < request.at+punctual
	}
	return answers, inTime
}
