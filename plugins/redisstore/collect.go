package redisstore

import (
	"context"
	"strconv"
)

const (
	// collectStep records are looked at by one script, well under a
	// millisecond, and collectSteps scripts are run by one call.
	collectStep  = 200
	collectSteps = 50
)

// Collect removes expired records under r/. It goes on where the last call
// ended, so that calls now and then come around to every record.
func (s *Store) Collect(ctx context.Context) (int, error) {
	at := "0"
	if last := s.collect.Load(); last != nil {
		at = *last
	}
	total := 0
	for range collectSteps {
		bounded, cancel, err := s.begin(ctx, "collect")
		if err != nil {
			return total, err
		}
		reply, err := s.run(bounded, collectScript, []string{s.names.records()}, at, collectStep)
		cancel()
		next, removed, err := collected(reply, err)
		if err != nil {
			return total, s.failed(ctx, "collect", err)
		}
		total += removed
		at = next
		s.collect.Store(&at)
		if at == "0" {
			break
		}
	}
	return total, nil
}

func collected(reply []any, err error) (next string, removed int, _ error) {
	if err != nil {
		return "", 0, err
	}
	if len(reply) != 2 {
		return "", 0, errReply
	}
	next, ok := reply[0].(string)
	n, ok2 := reply[1].(int64)
	if _, err := strconv.ParseUint(next, 10, 64); err != nil || !ok || !ok2 {
		return "", 0, errReply
	}
	return next, int(n), nil
}
