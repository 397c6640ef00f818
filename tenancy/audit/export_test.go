package audit

// SweepBy has a sweep look at n events at a time.
func (s *Service) SweepBy(n int) { s.slice = n }
