package date_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/tenancy/date"
)

func TestParse(t *testing.T) {
	for text, ok := range map[string]bool{
		"2026-11-23": true, "0001-01-01": true, "9999-12-31": true, "2024-02-29": true,
		"2023-02-29": false, "2026-13-01": false, "2026-1-01": false, "0000-01-01": false, "": false, "2026-11-23T00": false, "23.11.2026": false, "2026-02-30": false,
	} {
		d, err := date.Parse(text)
		require.Equal(t, ok, err == nil, text)
		if ok {
			require.Equal(t, text, d.String())
		}
	}
	require.Panics(t, func() { date.Must("nonsense") })
	require.True(t, date.Of(2026, 2, 30).IsZero(), "a day that does not exist is no day")
}

func TestDaysAreWhatTimeSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tm := time.Date(rapid.IntRange(2, 9998).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		n := rapid.IntRange(-300, 300).Draw(t, "days")
		d := date.In(tm, time.UTC)
		require.Equal(t, tm, d.Time())
		moved := d.AddDays(n)
		require.Equal(t, tm.AddDate(0, 0, n), moved.Time())
		require.Equal(t, n, d.DaysUntil(moved))
		require.Equal(t, n < 0, moved.Before(d))
		require.Equal(t, n > 0, moved.After(d))
		require.Equal(t, d.String() < moved.String(), d.Compare(moved) < 0, "text order is date order")
		back, err := date.Parse(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
	})
}

func TestMonthsStayWithinTheMonth(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{{"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-12-15", 1, "2027-01-15"}, {"2026-05-31", 13, "2027-06-30"}} {
		require.Equal(t, c.want, date.Must(c.from).AddMonths(c.n).String())
	}
}

func TestTheDayDependsOnTheZone(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	at := time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC)
	require.Equal(t, "2026-12-31", date.In(at, time.UTC).String())
	require.Equal(t, "2027-01-01", date.In(at, tokyo).String())
}

func TestStoredForms(t *testing.T) {
	d := date.Of(2026, 11, 23)
	for _, src := range []any{"2026-11-23", []byte("2026-11-23"), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)} {
		var got date.Date
		require.NoError(t, got.Scan(src))
		require.Equal(t, d, got)
	}
	var got date.Date
	require.Error(t, got.Scan(5))
	require.NoError(t, got.Scan(nil))
	require.True(t, got.IsZero())
	v, err := got.Value()
	require.NoError(t, err)
	require.Nil(t, v)
	b, err := json.Marshal(map[string]date.Date{"a": d, "b": {}})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"2026-11-23","b":""}`, string(b))
	require.NoError(t, json.Unmarshal([]byte(`"2026-11-23"`), &got))
	require.Equal(t, d, got)
	require.Error(t, json.Unmarshal([]byte(`"2026-02-30"`), &got))
}
