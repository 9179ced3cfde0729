package management

import "context"

const (
	defaultPage = 100
	largestPage = 1000
	// scanLimit is how many records one call looks at when it searches for few
	// among many; the cursor leads on from there.
	scanLimit = 20_000
)

// scan reads pages until limit records were kept, enough were looked at, or
// there are no more. It may keep up to a page more than limit.
func scan[R, V any](ctx context.Context, cursor string, limit int,
	fetch func(ctx context.Context, cursor string, limit int) ([]R, string, error),
	keep func(R) (V, bool),
) ([]V, string, error) {
	limit = pageSize(limit)
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
