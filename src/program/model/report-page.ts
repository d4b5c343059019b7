/** The file of a task's `tempDir` that is kept beside the report. */
export const REPORT_PAGE = 'report.html';
