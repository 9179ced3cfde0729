package management

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	defaultPage = 100
	largestPage = 1000
	// scanLimit is how many records one call looks at when it searches for few
	// among many; the cursor leads on from there.
	scanLimit = 20_000
)

// Part says which part of a list is wanted. A limit of 0 is the whole list,
// where this gateway holds it in memory, and a usual page elsewhere.
type Part struct {
	Cursor string
	Limit  int
}

// scan reads pages until limit records were kept, enough were looked at, or
// there are no more. It may keep up to a page more than limit.
func scan[R, V any](ctx context.Context, part Part,
	fetch func(ctx context.Context, cursor string, limit int) ([]R, string, error),
	keep func(R) (V, bool),
) ([]V, string, error) {
	cursor, limit := part.Cursor, pageSize(part.Limit)
	kept := []V{}
	for seen := 0; ; {
		records, next, err := fetch(ctx, cursor, limit)
		if err != nil {
			return nil, "", err
		}
		for _, record := range records {
			if v, ok := keep(record); ok {
				kept = append(kept, v)
			}
		}
		seen += len(records)
		if next == "" || len(kept) >= limit || seen >= scanLimit {
			return kept, next, nil
		}
		cursor = next
	}
}

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, largestPage)
}

// cut sorts a list and takes a part of it. The cursor holds where in the order
// the last one stood, so that what comes and goes meanwhile moves no page.
func cut[V any](all []V, place func(V) []string, part Part) ([]V, string, error) {
	order := func(v V) string { return strings.Join(place(v), "\x00") }
	slices.SortFunc(all, func(a, b V) int { return strings.Compare(order(a), order(b)) })
	if part.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(part.Cursor)
		if err != nil {
			return nil, "", invalid("cursor", "it is none of this list", "begin without a cursor")
		}
		from, found := slices.BinarySearchFunc(all, string(after), func(v V, after string) int { return strings.Compare(order(v), after) })
		if found {
			from++
		}
		all = all[from:]
	}
	if limit := pageSize(part.Limit); part.Limit > 0 && len(all) > limit {
		return all[:limit], base64.RawURLEncoding.EncodeToString([]byte(order(all[limit-1]))), nil
	}
	return all, "", nil
}

// newestFirst is the place of a time in an order of texts.
func newestFirst(t time.Time) string { return fmt.Sprintf("%019d", math.MaxInt64-t.UnixMilli()) }
