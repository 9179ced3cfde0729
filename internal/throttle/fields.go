package throttle

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Fields tells callers how they stand, by the header fields RateLimit-Policy
// and RateLimit of draft-ietf-httpapi-ratelimit-headers-10.
type Fields struct {
	policy string
	begin  string        // of RateLimit, up to the number
	next   time.Duration // the Reset of a bucket at the moment when its first token comes
}

// NewFields names the policy after what callers are told apart by. A bucket
// has no window; its quota is what it grants in the time that it takes to fill.
func NewFields(by Kind, l Limit) Fields {
	window := math.Ceil(float64(l.Burst) / l.Rate)
	quota := max(float64(l.Burst), math.Floor(window*l.Rate))
	name := `"` + string(by) + `"`
	return Fields{
		policy: name + ";q=" + strconv.FormatFloat(quota, 'f', 0, 64) + ";w=" + strconv.FormatFloat(window, 'f', 0, 64),
		begin:  name + ";r=",
		next:   time.Duration(int64(l.Burst-1) * l.token()),
	}
}

// Tell adds the fields to the headers of an answer. The time goes with what is
// left: until the quota is whole, or, where nothing is left, until there is
// one again, as Retry-After says.
func (f Fields) Tell(h http.Header, r Result) {
	wait := r.Reset
	if r.Remaining == 0 {
		wait = r.Reset - f.next
	}
	text := make([]byte, 0, 64)
	text = strconv.AppendInt(append(text, f.begin...), int64(r.Remaining), 10)
	text = strconv.AppendInt(append(text, ";t="...), Seconds(wait), 10)
	values := [2]string{f.policy, string(text)}
	h["Ratelimit-Policy"], h["Ratelimit"] = values[:1:1], values[1:]
}

// Seconds is a wait in whole seconds, never less than it is, as Retry-After and
// RateLimit are to say it.
func Seconds(wait time.Duration) int64 { return int64((wait + time.Second - 1) / time.Second) }
