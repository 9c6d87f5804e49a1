// Departments and specialties are the same thing twice to this page: names with a word on each.
import {
  changeDepartment,
  changeSpecialty,
  createDepartment,
  createSpecialty,
  deleteDepartment,
  deleteSpecialty,
  listDepartments,
  listSpecialties,
} from '@/api/generated/sdk.gen'
import type { ListDepartmentsData, NamedIn } from '@/api/generated/types.gen'

type NamedSort = NonNullable<NonNullable<ListDepartmentsData['query']>['sort']>

const throwOnError = true as const

export const KINDS = {
  departments: {
    list: async (cursor: string | undefined, sort: NamedSort) => (await listDepartments({ query: { cursor, sort, limit: 50 }, throwOnError })).data,
    add: (body: NamedIn) => createDepartment({ body, throwOnError }),
    change: (department_id: string, body: NamedIn) => changeDepartment({ path: { department_id }, body, throwOnError }),
    remove: (department_id: string) => deleteDepartment({ path: { department_id }, throwOnError }),
  },
  specialties: {
    list: async (cursor: string | undefined, sort: NamedSort) => (await listSpecialties({ query: { cursor, sort, limit: 50 }, throwOnError })).data,
    add: (body: NamedIn) => createSpecialty({ body, throwOnError }),
    change: (specialty_id: string, body: NamedIn) => changeSpecialty({ path: { specialty_id }, body, throwOnError }),
    remove: (specialty_id: string) => deleteSpecialty({ path: { specialty_id }, throwOnError }),
  },
}
export type Kind = keyof typeof KINDS
