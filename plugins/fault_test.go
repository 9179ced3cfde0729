package plugins

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"
)

func TestAnErrorIsOfTheClassThatItsStoreSaysOrItsSentinel(t *testing.T) {
	classed := fmt.Errorf("redis get: it is full: %w", ErrUnavailable)
	for _, tc := range []struct {
		name string
		err  error
		want Fault
	}{
		{"what the store says", Because(FaultOutOfMemory, classed), FaultOutOfMemory},
		{"what it says below another text", fmt.Errorf("registering: %w", Because(FaultOutOfMemory, classed)), FaultOutOfMemory},
		{"a store that was closed", fmt.Errorf("get: %w", ErrClosed), FaultClosed},
		{"a deadline of the caller", fmt.Errorf("get: %w: %w", ErrUnavailable, context.DeadlineExceeded), FaultTimeout},
		{"a store that says no more", classed, FaultOther},
	} {
		if got := FaultOf(tc.err); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
	err := Because(FaultOutOfMemory, classed)
	if !errors.Is(err, ErrUnavailable) || err.Error() != classed.Error() {
		t.Errorf("a class changes what the error is: %v", err)
	}
}

func TestEachClassIsListedOnceAndFitToBeALabel(t *testing.T) {
	seen := map[Fault]bool{}
	for _, fault := range Faults {
		if seen[fault] || !regexp.MustCompile(`^[a-z_]+$`).MatchString(string(fault)) {
			t.Errorf("%q is listed twice, or is no label", fault)
		}
		seen[fault] = true
	}
}
