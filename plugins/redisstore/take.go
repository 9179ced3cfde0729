package redisstore

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Take takes one token, by the server's clock.
func (s *Store) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	if !(b.Rate > 0) || math.IsInf(b.Rate, 1) || b.Burst < 1 {
		return plugins.Taken{}, misuse("take", "bucket with rate %v and burst %d never fills", b.Rate, b.Burst)
	}
	bounded, cancel, err := s.begin(ctx, "take")
	if err != nil {
		return plugins.Taken{}, err
	}
	defer cancel()
	rate := strconv.FormatFloat(b.Rate, 'g', 17, 64)
	reply, err := s.run(bounded, takeScript, []string{s.names.bucket(b.Key)}, rate, b.Burst)
	if err == nil && len(reply) != 3 {
		err = errReply
	}
	if err != nil {
		return plugins.Taken{}, s.failed(ctx, "take", err)
	}
	ok, isOK := reply[0].(int64)
	remaining, isRemaining := reply[1].(int64)
	micros, isMicros := reply[2].(int64)
	if !isOK || !isRemaining || !isMicros {
		return plugins.Taken{}, s.failed(ctx, "take", errReply)
	}
	return plugins.Taken{OK: ok == 1, Remaining: int(remaining), RetryAfter: time.Duration(micros) * time.Microsecond}, nil
}
